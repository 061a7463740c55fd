import { ECDH } from 'node:crypto';
import type { AddressGuard } from '../outside/address-guard.ts';
import { readEndpoint } from '../outside/endpoint.ts';
import type { DeviceAddress } from '../transport.ts';
import { MOST_ENDPOINT_BYTES } from './config.ts';
import type { Recipient } from './encryption.ts';

export interface Subscription extends Recipient {
  /** Scheme, host and port: the push service. */
  readonly origin: string;
  /** Path and query: a secret, whoever knows it can send. */
  readonly path: string;
}

const CREDENTIAL = /^[A-Za-z0-9_-]+=*\.[A-Za-z0-9_-]+=*$/;
const POINT_BYTES = 65;
const AUTH_BYTES = 16;
/** First byte of an uncompressed point (SEC 1 §2.3.3), the only form browsers give. */
const UNCOMPRESSED = 4;

/** What is wrong with a subscription before it is stored, as a sentence, or null. Names are not resolved. */
export function checkSubscription(device: DeviceAddress, guard: AddressGuard): string | null {
  const subscription = readSubscription(device, guard);
  if (typeof subscription === 'string') return subscription;
  return isOnCurve(subscription.publicKey) ? null : 'p256dh is not a point on the curve P-256';
}

/** The parsed subscription, or what is wrong with it. Does not check that the key lies on the curve, which is slow. */
export function readSubscription(
  { address, credential }: DeviceAddress,
  guard: AddressGuard,
): Subscription | string {
  if (Buffer.byteLength(address) > MOST_ENDPOINT_BYTES) {
    return `the endpoint is longer than ${MOST_ENDPOINT_BYTES} bytes`;
  }
  const url = readEndpoint(address, guard);
  if (typeof url === 'string') return url;
  if (!CREDENTIAL.test(credential)) return 'the credential is not <p256dh>.<auth> in base64url';
  const [publicKey, auth] = credential.split('.').map((part) => Buffer.from(part, 'base64url'));
  if (publicKey?.length !== POINT_BYTES || publicKey[0] !== UNCOMPRESSED) {
    return `p256dh is not an uncompressed point of ${POINT_BYTES} bytes`;
  }
  if (auth?.length !== AUTH_BYTES) return `auth is not ${AUTH_BYTES} bytes`;
  return { origin: url.origin, path: url.pathname + url.search, publicKey, auth };
}

function isOnCurve(point: Buffer): boolean {
  try {
    ECDH.convertKey(point, 'prime256v1');
    return true;
  } catch {
    // OpenSSL's way of saying that the coordinates do not satisfy the curve's equation.
    return false;
  }
}
