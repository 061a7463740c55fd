/** Devices: the addresses of a user. An address belongs to one user; registering it again moves it. */
import type { DeviceKind } from '@tocsin/push';
import type { Queryable } from './database.ts';

export interface DeviceRecord {
  readonly id: number;
  readonly userId: number;
  readonly kind: DeviceKind;
  readonly address: string;
  readonly environment: string;
  readonly app: string;
  readonly name: string;
  readonly registeredAt: Date;
  readonly lastSeenAt: Date | null;
  /** What it reported last, a number of receipts/states.ts, and when. */
  readonly lastReceipt: number | null;
  readonly lastReceiptAt: Date | null;
  readonly goneAt: Date | null;
  readonly goneReason: string | null;
}

const COLUMNS = `id, user_id as "userId", kind, address, environment, app, name, registered_at as "registeredAt",
  last_seen_at as "lastSeenAt", last_receipt as "lastReceipt", last_receipt_at as "lastReceiptAt", gone_at as "goneAt", gone_reason as "goneReason"`;

export interface NewDevice {
  readonly userId: number;
  readonly kind: DeviceKind;
  readonly address: string;
  readonly credential: string;
  readonly environment: string;
  readonly app: string;
  readonly name: string;
  readonly at: Date;
}

/**
 * What is known of an address's environment stays when a registration does not say it: an address never changes it.
 * `created` is false when the user had this address already, alive; `formerUserId` is who had it before, if that was
 * somebody else. What still waits to be delivered to an address
 * that moves was meant for its former owner and is dropped.
 */
export async function registerDevice(
  connection: Queryable,
  device: NewDevice,
): Promise<{ device: DeviceRecord; created: boolean; formerUserId: number | null }> {
  const [row] = await connection.query<DeviceRecord & { existed: boolean; formerUserId: number | null }>(
    `with old as (select id, user_id, gone_at from device where kind = $2 and address = $3),
     retried as (delete from retry r using old where r.device_id = old.id and old.user_id <> $1),
     waiting as (delete from mqtt_outbox o using old where o.device_id = old.id and old.user_id <> $1)
     insert into device (user_id, kind, address, credential, environment, app, name, registered_at, last_seen_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
     on conflict (kind, address) do update set user_id = excluded.user_id, credential = excluded.credential,
       environment = case excluded.environment when '' then device.environment else excluded.environment end, app = excluded.app, name = excluded.name, registered_at = excluded.registered_at,
       last_seen_at = excluded.last_seen_at, gone_at = null, gone_reason = null,
       last_receipt = case when device.user_id = excluded.user_id then device.last_receipt end,
       last_receipt_at = case when device.user_id = excluded.user_id then device.last_receipt_at end,
       last_receipt_notification = case when device.user_id = excluded.user_id then device.last_receipt_notification end
     returning ${COLUMNS}, exists (select 1 from old where old.user_id = $1 and old.gone_at is null) as existed,
       (select old.user_id from old where old.user_id <> $1) as "formerUserId"`,
    [
      device.userId,
      device.kind,
      device.address,
      device.credential,
      device.environment,
      device.app,
      device.name,
      device.at,
    ],
  );
  if (!row) throw new Error('the device was not stored');
  const { existed, formerUserId, ...stored } = row;
  return { device: stored, created: !existed, formerUserId };
}

export function listDevices(connection: Queryable, userId: number): Promise<DeviceRecord[]> {
  return connection.query<DeviceRecord>(`select ${COLUMNS} from device where user_id = $1 order by id`, [
    userId,
  ]);
}

/** Addresses of living Notify phones, by user, in the order of their registration. */
export async function notifyTokens(
  connection: Queryable,
  userIds: readonly number[],
): Promise<Map<number, string[]>> {
  const rows = await connection.query<{ userId: number; tokens: string[] }>(
    `select user_id as "userId", array_agg(address order by id) as tokens from device
     where user_id = any($1::bigint[]) and app = '' and gone_at is null group by user_id`,
    [userIds],
  );
  return new Map(rows.map((row) => [row.userId, row.tokens]));
}

/** Null when the user has no such device. */
export async function deleteDevice(
  connection: Queryable,
  userId: number,
  id: number,
): Promise<DeviceRecord | null> {
  const [row] = await connection.query<DeviceRecord>(
    `delete from device where user_id = $1 and id = $2 returning ${COLUMNS}`,
    [userId, id],
  );
  return row ?? null;
}

/**
 * Gives a device to another user. What still waits for it was meant for the former one and is dropped. Null when
 * that one has no such device.
 */
export async function moveDevice(
  connection: Queryable,
  id: number,
  fromUserId: number,
  toUserId: number,
): Promise<DeviceRecord | null> {
  const [row] = await connection.query<DeviceRecord>(
    `with moved as (
       update device set user_id = $3, last_receipt = null, last_receipt_at = null, last_receipt_notification = null
       where id = $1 and user_id = $2 returning ${COLUMNS}
     ),
     retried as (delete from retry r using moved where r.device_id = moved.id),
     waiting as (delete from mqtt_outbox o using moved where o.device_id = moved.id)
     select * from moved`,
    [id, fromUserId, toUserId],
  );
  return row ?? null;
}

export async function deleteAddress(connection: Queryable, userId: number, address: string): Promise<void> {
  await connection.query('delete from device where user_id = $1 and address = $2', [userId, address]);
}

export async function findMqttDevice(
  connection: Queryable,
  address: string,
): Promise<{ id: number; userId: number; passwordHash: string } | null> {
  const [row] = await connection.query<{ id: number; userId: number; passwordHash: string }>(
    `select d.id, d.user_id as "userId", d.credential as "passwordHash" from device d join user_account u on u.id = d.user_id
     where d.kind = 'mqtt' and d.address = $1 and d.gone_at is null and u.is_active`,
    [address],
  );
  return row ?? null;
}

/** Whose these MQTT devices are now; those that may not listen any more are left out. */
export async function ownersOfMqttDevices(
  connection: Queryable,
  ids: readonly number[],
): Promise<Map<number, number>> {
  const rows = await connection.query<{ id: number; userId: number }>(
    `select d.id, d.user_id as "userId" from device d join user_account u on u.id = d.user_id
     where d.id = any($1::bigint[]) and d.kind = 'mqtt' and d.gone_at is null and u.is_active`,
    [ids],
  );
  return new Map(rows.map(({ id, userId }) => [id, userId]));
}

/** For devices that did not say their environment themselves. */
export async function learnEnvironment(
  connection: Queryable,
  deviceIds: readonly number[],
  environment: string,
): Promise<void> {
  await connection.query(
    "update device set environment = $2 where id = any($1::bigint[]) and environment = ''",
    [deviceIds, environment],
  );
}

export async function touchDevice(connection: Queryable, id: number, at: Date): Promise<void> {
  await connection.query('update device set last_seen_at = $2 where id = $1', [id, at]);
}
