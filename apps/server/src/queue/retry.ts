/** Deliveries that must be tried again: the only ones with a row of their own. */
import type { Queryable } from '../store/database.ts';
import { LEASE_MS } from './chunk.ts';

export interface DueRetry {
  readonly notificationId: number;
  readonly notificationCreatedAt: Date;
  readonly deviceId: number;
  readonly attempt: number;
}

/** So long a node that died keeps retries from the others; its holder renews. */
const RETRY_LEASE_MS = LEASE_MS * 3;

export interface NewRetry {
  readonly deviceId: number;
  readonly dueAt: number;
  readonly attempt: number;
  readonly reason: string;
}

/** Leases up to `limit` due retries. */
export function claimRetries(connection: Queryable, now: number, limit: number): Promise<DueRetry[]> {
  return connection.query<DueRetry>(
    `with picked as materialized (
       select ctid from retry where due_at <= $1 and (lease_until is null or lease_until < $1)
       order by due_at, priority desc limit $2 for update skip locked
     )
     update retry r set lease_until = $3 from picked where r.ctid = picked.ctid
     returning r.notification_id as "notificationId", r.notification_created_at as "notificationCreatedAt",
       r.device_id as "deviceId", r.attempt`,
    [new Date(now), limit, new Date(now + RETRY_LEASE_MS)],
    'claim-retries',
  );
}

/** Keeps what is still under way; what was answered meanwhile has no lease any more and is due when it says. */
export async function renewRetries(
  connection: Queryable,
  notificationId: number,
  deviceIds: readonly number[],
  now: number,
): Promise<void> {
  await connection.query(
    `update retry set lease_until = $3
     where notification_id = $1 and device_id = any($2::bigint[]) and lease_until is not null`,
    [notificationId, deviceIds, new Date(now + RETRY_LEASE_MS)],
    'renew-retries',
  );
}

/** Writes or moves the retry of each delivery. */
export async function putRetries(
  connection: Queryable,
  notification: { id: number; createdAt: Date; priority: number },
  retries: readonly NewRetry[],
): Promise<void> {
  if (retries.length === 0) return;
  await connection.query(
    `insert into retry (notification_id, notification_created_at, priority, device_id, due_at, attempt, reason)
     select $1, $2, $3, t.device_id, t.due_at, t.attempt, t.reason
     from unnest($4::bigint[], $5::timestamptz[], $6::int[], $7::text[]) as t (device_id, due_at, attempt, reason)
     on conflict (notification_id, device_id) do update
       set due_at = excluded.due_at, attempt = excluded.attempt, reason = excluded.reason, lease_until = null`,
    [
      notification.id,
      notification.createdAt,
      notification.priority,
      retries.map((r) => r.deviceId),
      retries.map((r) => new Date(r.dueAt)),
      retries.map((r) => r.attempt),
      retries.map((r) => r.reason),
    ],
    'put-retries',
  );
}

export async function deleteRetries(
  connection: Queryable,
  notificationId: number,
  deviceIds: readonly number[],
): Promise<void> {
  if (deviceIds.length === 0) return;
  await connection.query('delete from retry where notification_id = $1 and device_id = any($2::bigint[])', [
    notificationId,
    deviceIds,
  ]);
}
