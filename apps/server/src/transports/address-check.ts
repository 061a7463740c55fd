/** What is wrong with the address of a device before it is stored. */
import { checkApnsAddress, checkFcmAddress, type DeviceAddress, type DeviceKind } from '@tocsin/push';
import type { TransportRegistry } from './registry.ts';

/** Apple's and Google's addresses are also checked while the server has no credentials for them yet. */
export function createAddressCheck(
  registry: Pick<TransportRegistry, 'find'>,
): (kind: DeviceKind, device: DeviceAddress) => string | null {
  return (kind, device) => {
    if (kind === 'apns') return checkApnsAddress(device.address);
    if (kind === 'fcm') return checkFcmAddress(device.address);
    return registry.find(kind, '')?.checkAddress(device) ?? null;
  };
}
