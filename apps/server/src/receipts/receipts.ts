/** Receipts: the device's own word, appended to the delivery log in batches. Answered only after the commit. */
import { createBatcher } from '../lib/batcher.ts';
import type { Clock } from '../lib/clock.ts';
import type { Database } from '../store/database.ts';
import { appendEvents, emptyEventRows } from '../store/delivery-event.ts';
import { EVENTS, type ReceiptEvent } from './states.ts';
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

export function createReceipts(deps: ReceiptDeps): Receipts {
  const batcher = createBatcher<{ delivery: Delivery; event: ReceiptEvent }, true>({
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
      await appendEvents(deps.database, deps.node, new Date(deps.clock()), rows);
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
