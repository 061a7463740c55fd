/** Who gets a notification: the fan-out's reads, one statement per chunk. */
import type { DeviceKind } from '@tocsin/push';
import type { Queryable } from './database.ts';

/**
 * Devices that one transport serves with one payload, as columns. They come as JSON, which is parsed natively: a row
 * or an array element at a time would be most of the cost (8 µs a device, measured).
 */
export interface RecipientGroup {
  readonly kind: DeviceKind;
  readonly environment: string;
  readonly app: string;
  readonly deviceIds: readonly number[];
  readonly userIds: readonly number[];
  readonly addresses: readonly string[];
  /** Empty for kinds whose address is all that is needed. */
  readonly credentials: readonly string[];
  /** The user's unread count. */
  readonly badges: readonly number[];
}

const COLUMNS = `d.kind, d.environment, d.app, json_agg(d.id) as "deviceIds", json_agg(d.user_id) as "userIds",
  json_agg(d.address) as addresses,
  coalesce(json_agg(d.credential) filter (where d.kind in ('webpush', 'unifiedpush')), '[]') as credentials`;

// A Notify phone whose login lapsed gets nothing until it signs in again: that is the published behaviour.
const reachableAt = (now: string) =>
  `d.gone_at is null and u.is_active and (d.app <> '' or u.login_expires_at > ${now})`;

// User by user: a range of a service's subscribers may lie thinly among very many other people.
const UNREAD = `cross join lateral (select count(*) as count from inbox i
  where i.user_id = d.user_id and i.read_at is null and i.deleted_at is null) unread`;

const BY_TRANSPORT = 'group by d.kind, d.environment, d.app';

/** The subscribers from `$2` to `$3` of service `$4`, as of the moment the notification `$1` was accepted. */
const SUBSCRIBERS = `select s.user_id from subscription s where s.service_id = $4 and s.user_id between $2 and $3
  and s.since <= (select accepted_at from notification where id = $1 and created_at = $5)
  and (s.until is null or s.until > (select accepted_at from notification where id = $1 and created_at = $5))`;

const WRITE_INBOXES = 'insert into inbox (user_id, notification_id) select user_id, $1 from subscriber';

const readSubscribers = (badge: string) =>
  `select ${COLUMNS}, json_agg(${badge}) as badges
   from subscriber s join user_account u on u.id = s.user_id join device d on d.user_id = s.user_id
   ${UNREAD} where ${reachableAt('$6')} ${BY_TRANSPORT}`;

export interface SubscriberRange {
  readonly notification: { readonly id: number; readonly createdAt: Date };
  readonly serviceId: string;
  readonly fromUser: number;
  readonly toUser: number;
}

/**
 * Writes the inbox rows of a range of subscribers and reads their devices. `isFirst`: nobody has the notification in
 * the inbox yet. Then one statement does both: the notification is counted as unread, although that statement does not
 * see it, and no conflict is looked for, which would be a third of the insert's cost. Otherwise both are safe to repeat.
 */
export async function recipientsInRange(
  connection: Queryable,
  now: number,
  { notification, serviceId, fromUser, toUser }: SubscriberRange,
  isFirst: boolean,
): Promise<RecipientGroup[]> {
  const range = [notification.id, fromUser, toUser, serviceId, notification.createdAt];
  const subscribers = `with subscriber as materialized (${SUBSCRIBERS})`;
  if (isFirst)
    return connection.query<RecipientGroup>(
      `${subscribers}, written as (${WRITE_INBOXES}) ${readSubscribers('unread.count + 1')}`,
      [...range, new Date(now)],
      'recipients-in-new-range',
    );
  await connection.query(
    `${subscribers} ${WRITE_INBOXES} on conflict do nothing`,
    range,
    'deliver-to-inboxes',
  );
  return connection.query<RecipientGroup>(
    `${subscribers} ${readSubscribers('unread.count')}`,
    [...range, new Date(now)],
    'recipients-in-range',
  );
}

export function recipientsOfUsers(
  connection: Queryable,
  now: number,
  userIds: readonly number[],
): Promise<RecipientGroup[]> {
  return connection.query<RecipientGroup>(
    `select ${COLUMNS}, json_agg(unread.count) as badges from device d join user_account u on u.id = d.user_id
     ${UNREAD} where d.user_id = any($2::bigint[]) and ${reachableAt('$1')} ${BY_TRANSPORT}`,
    [new Date(now), userIds],
    'recipients-of-users',
  );
}

export function recipientsByDevice(
  connection: Queryable,
  now: number,
  deviceIds: readonly number[],
): Promise<RecipientGroup[]> {
  return connection.query<RecipientGroup>(
    `select ${COLUMNS}, json_agg(unread.count) as badges from device d join user_account u on u.id = d.user_id
     ${UNREAD} where d.id = any($2::bigint[]) and ${reachableAt('$1')} ${BY_TRANSPORT}`,
    [new Date(now), deviceIds],
    'recipients-by-device',
  );
}
