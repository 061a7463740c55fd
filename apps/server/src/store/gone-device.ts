/** Addresses a provider declared dead. */
import type { Queryable } from './database.ts';

export interface GoneDevice {
  readonly deviceId: number;
  readonly reason: string;
  /** ms since the epoch: the provider speaks of registrations before this moment; null: of any. */
  readonly since: number | null;
}

/** Marks them gone unless the address was registered anew after the moment the provider speaks of. */
export async function markDevicesGone(
  connection: Queryable,
  gone: readonly GoneDevice[],
  at: Date,
): Promise<void> {
  if (gone.length === 0) return;
  await connection.query(
    `update device d set gone_at = $4, gone_reason = t.reason
     from unnest($1::bigint[], $2::text[], $3::timestamptz[]) as t (id, reason, since)
     where d.id = t.id and d.gone_at is null and (t.since is null or d.registered_at < t.since)`,
    [
      gone.map((device) => device.deviceId),
      gone.map((device) => device.reason),
      gone.map((device) => (device.since === null ? null : new Date(device.since))),
      at,
    ],
  );
}
