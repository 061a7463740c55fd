/** Receipts: the device's own word, appended to the delivery log in batches. Answered only after the commit. */
import { createBatcher } from '../lib/batcher.ts';
import type { Clock } from '../lib/clock.ts';
import type { Database } from '../store/database.ts';
import { appendReceipts, emptyEventRows, type LastReceipts } from '../store/delivery-event.ts';
import { EVENTS, foldState, RECEIPT_ORDER, type ReceiptEvent } from './states.ts';
import type { Delivery, ReceiptTokens } from './token.ts';

export interface ReceiptDeps {
  readonly database: Database;
  readonly tokens: ReceiptTokens;
  readonly clock: Clock;
  readonly node: string;
}

export interface Receipts {
  /** True once the receipt is durable, false when the token was not issued by us. Rejects when the database is away. */
  record(receipt: { token: string; event: ReceiptEvent }): Promise<boolean>;
  drain(): Promise<void>;
}

const MAX_BATCH = 1_000;
const MAX_QUEUE = 50_000;

interface Reported {
  readonly delivery: Delivery;
  readonly event: ReceiptEvent;
}

export function createReceipts(deps: ReceiptDeps): Receipts {
  const batcher = createBatcher<Reported, true>({
    maxBatch: MAX_BATCH,
    maxQueue: MAX_QUEUE,
    lanes: 1,
    flush: async (batch) => {
      const rows = emptyEventRows();
      for (const { delivery, event } of batch) {
        rows.notificationIds.push(delivery.notificationId);
        rows.deviceIds.push(delivery.deviceId);
        rows.userIds.push(delivery.userId);
        rows.events.push(EVENTS[event]);
        rows.reasons.push(null);
        rows.providerIds.push(null);
      }
      const at = new Date(deps.clock());
      await appendReceipts(deps.database, deps.node, at, rows, lastOf(batch), RECEIPT_ORDER);
      return batch.map(() => true);
    },
  });
  return {
    record: async ({ token, event }) => {
      const delivery = deps.tokens.open(token);
      return delivery ? batcher.add({ delivery, event }) : false;
    },
    drain: () => batcher.drain(),
  };
}

/** One per device. What came in the same moment came in no order: of one delivery the strongest word counts. */
function lastOf(batch: readonly Reported[]): LastReceipts {
  const last = new Map<number, Reported>();
  for (const reported of batch) {
    const { deviceId } = reported.delivery;
    const before = last.get(deviceId);
    if (!before || isLater(reported, before)) last.set(deviceId, reported);
  }
  const devices = [...last.values()];
  return {
    notificationIds: devices.map(({ delivery }) => delivery.notificationId),
    deviceIds: devices.map(({ delivery }) => delivery.deviceId),
    userIds: devices.map(({ delivery }) => delivery.userId),
    events: devices.map(({ event }) => EVENTS[event]),
  };
}

function isLater(one: Reported, other: Reported): boolean {
  const [id, otherId] = [one.delivery.notificationId, other.delivery.notificationId];
  return id === otherId ? foldState(other.event, one.event) === one.event : id > otherId;
}
