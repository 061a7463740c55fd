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
const REACHABLE = `d.gone_at is null and u.is_active and (d.app <> '' or u.login_expires_at > $1)`;

// User by user: a range of a service's subscribers may lie thinly among very many other people.
const UNREAD = `cross join lateral (select count(*) as count from inbox i
  where i.user_id = d.user_id and i.read_at is null and i.deleted_at is null) unread`;

const BY_TRANSPORT = 'group by d.kind, d.environment, d.app';

/** The subscribers from `$3` to `$4` of service `$5`, as of the moment the notification `$2` was accepted. */
const SUBSCRIBED = `s.service_id = $5 and s.user_id between $3 and $4
  and s.since <= (select accepted_at from notification where id = $2 and created_at = $6)
  and (s.until is null or s.until > (select accepted_at from notification where id = $2 and created_at = $6))`;

export interface SubscriberRange {
  readonly notification: { readonly id: number; readonly createdAt: Date };
  readonly serviceId: string;
  readonly fromUser: number;
  readonly toUser: number;
}

/** Writes the inbox rows of a range of subscribers. Safe to repeat. */
export async function deliverToInboxes(connection: Queryable, range: SubscriberRange): Promise<void> {
  await connection.query(
    `insert into inbox (user_id, notification_id) select s.user_id, $2 from subscription s
     where $1::timestamptz is not null and ${SUBSCRIBED} on conflict do nothing`,
    rangeValues(range, 0),
    'deliver-to-inboxes',
  );
}

function rangeValues({ notification, serviceId, fromUser, toUser }: SubscriberRange, now: number) {
  return [new Date(now), notification.id, fromUser, toUser, serviceId, notification.createdAt];
}

/**
 * Writes the inbox rows of a range of subscribers and reads their devices, in one statement. `isFirst`: nobody has
 * the notification in the inbox yet. Then it is counted as unread, although this statement does not see it, and no
 * conflict is looked for, which would be a third of the insert's cost.
 */
export function recipientsInRange(
  connection: Queryable,
  now: number,
  range: SubscriberRange,
  isFirst: boolean,
): Promise<RecipientGroup[]> {
  const [unread, conflict, name] = isFirst
    ? ['unread.count + 1', '', 'recipients-in-new-range']
    : ['unread.count', 'on conflict do nothing', 'recipients-in-range'];
  return connection.query<RecipientGroup>(
    `with subscriber as materialized (select s.user_id from subscription s where ${SUBSCRIBED}),
     written as (insert into inbox (user_id, notification_id) select user_id, $2 from subscriber ${conflict})
     select ${COLUMNS}, json_agg(${unread}) as badges
     from subscriber s join user_account u on u.id = s.user_id join device d on d.user_id = s.user_id
     ${UNREAD} where ${REACHABLE} ${BY_TRANSPORT}`,
    rangeValues(range, now),
    name,
  );
}

export function recipientsOfUsers(
  connection: Queryable,
  now: number,
  userIds: readonly number[],
): Promise<RecipientGroup[]> {
  return connection.query<RecipientGroup>(
    `select ${COLUMNS}, json_agg(unread.count) as badges from device d join user_account u on u.id = d.user_id
     ${UNREAD} where d.user_id = any($2::bigint[]) and ${REACHABLE} ${BY_TRANSPORT}`,
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
     ${UNREAD} where d.id = any($2::bigint[]) and ${REACHABLE} ${BY_TRANSPORT}`,
    [new Date(now), deviceIds],
    'recipients-by-device',
  );
}
