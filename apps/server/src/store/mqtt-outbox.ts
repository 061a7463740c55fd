/**
 * The offline queue of MQTT devices: every notification a device has not acknowledged yet. A row leaves it when
 * the device sent its PUBACK, when it expired, or with its device.
 */
import type { Queryable } from './database.ts';

/** One notification for many devices, the payloads in the order of the devices. */
export interface OutboxEntry {
  readonly notificationId: number;
  readonly notificationCreatedAt: Date;
  readonly expiresAt: Date;
  readonly deviceIds: readonly number[];
  readonly payloads: readonly Buffer[];
}

export interface PendingMessage {
  readonly deviceId: number;
  readonly notificationId: number;
  readonly payload: Buffer;
}

/**
 * Stores the entry in one statement and returns the devices that still exist. A device removed meanwhile is left
 * out instead of failing its neighbours; a repeat changes nothing.
 */
export async function storeOutbox(connection: Queryable, entry: OutboxEntry): Promise<Set<number>> {
  const rows = await connection.query<{ id: number }>(
    `with known as materialized (
       select id from device where id = any($4::bigint[]) and kind = 'mqtt' order by id for key share
     ), stored as (
       insert into mqtt_outbox (device_id, notification_id, notification_created_at, payload, expires_at)
       select t.device_id, $1, $2, t.payload, $3 from unnest($4::bigint[], $5::bytea[]) as t (device_id, payload)
       join known on known.id = t.device_id
       on conflict do nothing
     )
     select id from known`,
    [entry.notificationId, entry.notificationCreatedAt, entry.expiresAt, entry.deviceIds, entry.payloads],
    'mqtt-outbox-store',
  );
  return new Set(rows.map((row) => row.id));
}

/** Up to `limit` unexpired messages of each device, oldest first. */
export function pendingFor(
  connection: Queryable,
  deviceIds: readonly number[],
  now: Date,
  limit: number,
): Promise<PendingMessage[]> {
  return connection.query<PendingMessage>(
    `select o.device_id as "deviceId", o.notification_id as "notificationId", o.payload
     from unnest($1::bigint[]) as d (id)
     cross join lateral (
       select * from mqtt_outbox m where m.device_id = d.id and m.expires_at > $2 order by m.notification_id limit $3
     ) o
     order by o.device_id, o.notification_id`,
    [deviceIds, now, limit],
    'mqtt-outbox-pending',
  );
}

export interface OutboxKey {
  readonly deviceId: number;
  readonly notificationId: number;
}

/** Forgets what devices acknowledged. */
export async function acknowledge(connection: Queryable, keys: readonly OutboxKey[]): Promise<void> {
  if (keys.length === 0) return;
  await connection.query(
    `delete from mqtt_outbox o using unnest($1::bigint[], $2::bigint[]) as t (device_id, notification_id)
     where o.device_id = t.device_id and o.notification_id = t.notification_id`,
    [keys.map((key) => key.deviceId), keys.map((key) => key.notificationId)],
    'mqtt-outbox-acknowledge',
  );
}

/** Drops what nobody collected in its time to live. */
export async function purgeExpired(connection: Queryable, now: Date): Promise<void> {
  await connection.query('delete from mqtt_outbox where expires_at <= $1', [now]);
}
