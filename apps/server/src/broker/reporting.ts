/** What a device says itself: receipts and signs of life. */
import { Receipt } from '@tocsin/contract';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import type { ReceiptEvent } from '../receipts/states.ts';
import type { Queryable } from '../store/database.ts';
import { touchDevice } from '../store/device.ts';
import { findInboxItem } from '../store/inbox-item.ts';
import type { Log } from './log.ts';
import { parseObject } from './message.ts';
import type { Principal } from './principal.ts';

type DevicePrincipal = Extract<Principal, { kind: 'device' }>;

export interface ReceiptSink {
  /** True once it is durable, false when the token was not issued by us. */
  record(receipt: { token: string; event: ReceiptEvent }): Promise<boolean>;
}

export interface ReportingDeps {
  readonly database: Queryable;
  readonly receipts: ReceiptSink;
  /** Issues the token a device needs not send: it has proved who it is. */
  readonly tokens: { issue(notificationId: number, deviceId: number, userId: number): string };
  readonly clock: Clock;
  readonly log: Log;
}

const ReceiptById = z.object({ id: z.int().positive(), event: Receipt.shape.event });
const AnyReceipt = z.union([Receipt.strip(), ReceiptById]);

/**
 * Takes `{"token","event"}` or `{"id","event"}`. What can never be taken is logged and let go: sending it again would
 * change nothing. Rejects when the receipt could not be made durable.
 */
export async function takeReceipt(
  deps: ReportingDeps,
  device: DevicePrincipal,
  payload: Buffer,
): Promise<void> {
  const parsed = AnyReceipt.safeParse(parseObject(payload.toString()));
  const token = parsed.success ? await tokenFor(deps, device, parsed.data) : null;
  const isRecorded =
    parsed.success && token !== null && (await deps.receipts.record({ token, event: parsed.data.event }));
  if (!isRecorded)
    deps.log.warn({ device: device.deviceId }, 'MQTT receipt ignored: malformed or not of this device');
}

async function tokenFor(
  deps: ReportingDeps,
  device: DevicePrincipal,
  receipt: z.infer<typeof AnyReceipt>,
): Promise<string | null> {
  if ('token' in receipt) return receipt.token;
  const isTheirs = (await findInboxItem(deps.database, device.userId, receipt.id)) !== null;
  return isTheirs ? deps.tokens.issue(receipt.id, device.deviceId, device.userId) : null;
}

/** Whatever a device says on its status topic, also as its last will: it was there until now. */
export function takeStatus(deps: ReportingDeps, device: DevicePrincipal): Promise<void> {
  return touchDevice(deps.database, device.deviceId, new Date(deps.clock()));
}
