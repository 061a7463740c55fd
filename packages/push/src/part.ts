import type { Batch } from './transport.ts';

/** The devices of a batch at `indices`, as a batch of their own; the same object when those are all. */
export function partOf(batch: Batch, indices: readonly number[]): Batch {
  if (indices.length === batch.addresses.length) return batch;
  return {
    notification: batch.notification,
    app: batch.app,
    environment: batch.environment,
    addresses: indices.map((index) => batch.addresses[index] ?? ''),
    credentials: indices.map((index) => batch.credentials[index] ?? ''),
    deviceIds: indices.map((index) => batch.deviceIds[index] ?? 0),
    badges: indices.map((index) => batch.badges[index] ?? -1),
    receiptTokens: indices.map((index) => batch.receiptTokens[index] ?? ''),
  };
}
