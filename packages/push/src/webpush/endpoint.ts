import type { AddressGuard } from '../outside/address-guard.ts';
import type { DeviceAddress } from '../transport.ts';
import { MOST_ENDPOINT_BYTES } from './config.ts';
import { isUsableCredential } from './encryption.ts';

/** What is wrong with a subscription before it is stored, or null. Plain http only for hosts of the allow list. */
export function checkSubscription(
  { address, credential }: DeviceAddress,
  guard: AddressGuard,
): string | null {
  if (Buffer.byteLength(address) > MOST_ENDPOINT_BYTES)
    return `the endpoint is longer than ${MOST_ENDPOINT_BYTES} bytes`;
  if (!URL.canParse(address)) return 'the endpoint is not a URL';
  const { protocol, username, password, hostname, hash } = new URL(address);
  if (protocol !== 'https:' && !(protocol === 'http:' && guard.isAllowed(hostname)))
    return 'the endpoint must start with https://';
  if (username !== '' || password !== '') return 'the endpoint must not carry a user name';
  if (hash !== '') return 'the endpoint must not have a fragment';
  const fault = guard.checkHost(hostname);
  if (fault) return `the endpoint's host ${fault}`;
  return isUsableCredential(credential)
    ? null
    : 'the credential must be <p256dh>.<auth>, a P-256 point and 16 bytes in base64url';
}
