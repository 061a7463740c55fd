import type { DeviceWish } from '../../administration/devices.ts';
import { EVENTS, RECEIPT_EVENTS } from '../../receipts/states.ts';
import type { DeviceRecord } from '../../store/device.ts';
import type { ApiDeps } from '../deps.ts';
import { invalidInput } from '../edge/validate.ts';

const receiptName = (number: number | null) => RECEIPT_EVENTS.find((name) => EVENTS[name] === number) ?? null;

/** `password` is known only at the moment an mqtt device is registered. */
export function presentDevice(device: DeviceRecord, password?: string) {
  const { id, kind, name, app, environment } = device;
  const topic = `tocsin/devices/${device.address}/notifications`;
  return {
    id,
    kind,
    name,
    app,
    environment,
    registeredAt: device.registeredAt.toISOString(),
    lastSeenAt: device.lastSeenAt?.toISOString() ?? null,
    lastReceipt: receiptName(device.lastReceipt),
    lastReceiptAt: device.lastReceiptAt?.toISOString() ?? null,
    goneAt: device.goneAt?.toISOString() ?? null,
    goneReason: device.goneReason,
    ...(kind === 'mqtt' && { mqtt: { username: device.address, ...(password && { password }), topic } }),
  };
}

/** Refuses an address that cannot be pushed to; `field` is where the device stands in the request. */
export function refuseFaulty(
  { checkAddress }: Pick<ApiDeps, 'checkAddress'>,
  { kind, address, credential }: DeviceWish,
  field: string,
): void {
  const fault = checkAddress(kind, { address, credential });
  if (fault) throw invalidInput([{ field: `${field}.${faultyPart(fault)}`, rule: fault }]);
}

/** Web Push: the transport's sentence names the part of the credential that it is about. */
function faultyPart(fault: string): string {
  return /^(?:the credential|p256dh|auth) /.test(fault) ? 'credential' : 'address';
}
