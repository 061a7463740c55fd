/**
 * The accept statement: a whole batch of notifications, the inbox rows of small audiences and the queue's
 * chunks become durable in one statement and one commit.
 */
import { arrayLiteral, emptyIfAll } from './array-literal.ts';
import type { Queryable } from './database.ts';

export interface NewNotification {
  readonly uuid: string;
  /** Given when an idempotency key already reserved it. */
  readonly id: number | null;
  readonly serviceId: string | null;
  readonly userIds: readonly number[];
  readonly deviceIds: readonly number[];
  readonly title: string;
  readonly subtitle: string;
  readonly body: string;
  readonly url: string;
  readonly priority: number;
  readonly ttlSeconds: number;
  readonly collapseKey: string | null;
  readonly actions: string;
  readonly data: string;
  readonly source: string;
  readonly createdAt: Date;
}

/** Up to so many subscribers have their inbox rows written before the publisher is answered. */
export const SMALL_AUDIENCE = 200;

const INSERT = `
with input as (
  select * from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::smallint[],
    $9::int[], $10::text[], $11::jsonb[], $12::jsonb[], $13::text[], $14::bigint[])
    as t (uuid, id, service_id, title, subtitle, body, url, priority, ttl_seconds, collapse_key, actions, data, source, created_ms)
), inserted as (
  insert into notification (id, uuid, service_id, title, subtitle, body, url, priority, ttl_seconds, collapse_key, actions, data, source, created_at)
  select coalesce(i.id, nextval('notification_id_seq')), i.uuid, i.service_id, i.title, i.subtitle, i.body, i.url, i.priority, i.ttl_seconds,
    i.collapse_key, coalesce(i.actions, '[]'), coalesce(i.data, '{}'), i.source, 'epoch'::timestamptz + i.created_ms * interval '1 ms'
  from input i
  where i.service_id is null or exists (select 1 from service s where s.id = i.service_id for key share)
  returning id, uuid, service_id, priority, created_at
), audience as (
  select d.service_id,
    (select count(*) from (select 1 from subscription x where x.service_id = d.service_id and x.until is null limit ${SMALL_AUDIENCE + 1}) few) as size
  from (select distinct service_id from inserted where service_id is not null) d
), recipient as (
  select n.id as notification_id, u.user_id
  from inserted n join audience a on a.service_id = n.service_id and a.size <= ${SMALL_AUDIENCE}
  join subscription u on u.service_id = n.service_id and u.until is null
  union
  select n.id, t.user_id from unnest($15::uuid[], $16::bigint[]) as t (uuid, user_id)
  join inserted n on n.uuid = t.uuid join user_account a on a.id = t.user_id
), delivered as (
  insert into inbox (user_id, notification_id) select user_id, notification_id from recipient
  union
  select d.user_id, n.id from unnest($17::uuid[], $18::bigint[]) as t (uuid, device_id)
  join inserted n on n.uuid = t.uuid join device d on d.id = t.device_id
), small as (
  insert into chunk (notification_id, notification_created_at, audience, members, priority, run_at)
  select n.id, n.created_at, 'users', array_agg(r.user_id), n.priority, n.created_at
  from recipient r join inserted n on n.id = r.notification_id group by n.id, n.created_at, n.priority
), devices as (
  insert into chunk (notification_id, notification_created_at, audience, members, priority, run_at)
  select n.id, n.created_at, 'devices', array_agg(t.device_id), n.priority, n.created_at
  from unnest($17::uuid[], $18::bigint[]) as t (uuid, device_id) join inserted n on n.uuid = t.uuid group by n.id, n.created_at, n.priority
), large as (
  insert into chunk (notification_id, notification_created_at, audience, from_user, to_user, priority, run_at)
  select n.id, n.created_at, 'split', 0, 9223372036854775807, n.priority, n.created_at
  from inserted n join audience a on a.service_id = n.service_id and a.size > ${SMALL_AUDIENCE}
)
select uuid, id from inserted`;

/** Stores the batch. A notification to a service that does not exist is left out of the answer and of the database. */
export async function insertNotifications(
  connection: Queryable,
  batch: readonly NewNotification[],
): Promise<Map<string, number>> {
  const users = batch.flatMap((n) => n.userIds.map((userId) => [n.uuid, userId] as const));
  const devices = batch.flatMap((n) => n.deviceIds.map((deviceId) => [n.uuid, deviceId] as const));
  const rows = await connection.query<{ uuid: string; id: number }>(
    INSERT,
    [
      arrayLiteral(batch.map((n) => n.uuid)),
      arrayLiteral(batch.map((n) => n.id)),
      arrayLiteral(batch.map((n) => n.serviceId)),
      batch.map((n) => n.title),
      batch.map((n) => n.subtitle),
      batch.map((n) => n.body),
      batch.map((n) => n.url),
      arrayLiteral(batch.map((n) => n.priority)),
      arrayLiteral(batch.map((n) => n.ttlSeconds)),
      emptyIfAll(
        null,
        batch.map((n) => n.collapseKey),
      ),
      emptyIfAll(
        '[]',
        batch.map((n) => n.actions),
      ),
      emptyIfAll(
        '{}',
        batch.map((n) => n.data),
      ),
      batch.map((n) => n.source),
      arrayLiteral(batch.map((n) => n.createdAt.getTime())),
      arrayLiteral(users.map(([uuid]) => uuid)),
      arrayLiteral(users.map(([, userId]) => userId)),
      arrayLiteral(devices.map(([uuid]) => uuid)),
      arrayLiteral(devices.map(([, deviceId]) => deviceId)),
    ],
    'accept',
  );
  return new Map(rows.map((row) => [row.uuid, row.id]));
}

/** Which of these notifications are durable; asked when a connection broke during the commit. */
export async function findByUuid(
  connection: Queryable,
  uuids: readonly string[],
  since: Date,
): Promise<Map<string, number>> {
  const rows = await connection.query<{ uuid: string; id: number }>(
    'select uuid, id from notification where created_at >= $2 and uuid = any($1::uuid[])',
    [uuids, since],
  );
  return new Map(rows.map((row) => [row.uuid, row.id]));
}
