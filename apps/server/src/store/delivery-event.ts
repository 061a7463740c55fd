/** The delivery log: rows are only ever appended; receipts/states.ts says what they mean. */
import { arrayLiteral, emptyIfAll } from './array-literal.ts';
import type { Queryable } from './database.ts';

export interface DeliveryEventRows {
  readonly notificationIds: number[];
  readonly deviceIds: number[];
  readonly userIds: number[];
  readonly events: number[];
  readonly reasons: (string | null)[];
  readonly providerIds: (string | null)[];
}

export function emptyEventRows(): DeliveryEventRows {
  return { notificationIds: [], deviceIds: [], userIds: [], events: [], reasons: [], providerIds: [] };
}

const APPEND = `insert into delivery_event (notification_id, device_id, user_id, event, reason, provider_id, node, at)
  select t.n, t.d, t.u, t.e, t.r, t.p, $7, $8
  from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::text[], $6::text[]) as t (n, d, u, e, r, p)`;

const columnsOf = (rows: DeliveryEventRows, node: string, at: Date) => [
  arrayLiteral(rows.notificationIds),
  arrayLiteral(rows.deviceIds),
  arrayLiteral(rows.userIds),
  arrayLiteral(rows.events),
  emptyIfAll(null, rows.reasons),
  emptyIfAll(null, rows.providerIds),
  node,
  at,
];

/** Appends all rows with one time and node. */
export async function appendEvents(
  connection: Queryable,
  node: string,
  at: Date,
  rows: DeliveryEventRows,
): Promise<void> {
  if (rows.deviceIds.length === 0) return;
  await connection.query(APPEND, columnsOf(rows, node, at), 'append-events');
}

/** One row a device: what it reported last. */
export type LastReceipts = Pick<DeliveryEventRows, 'notificationIds' | 'deviceIds' | 'userIds' | 'events'>;

/**
 * Appends receipts, and notes at each device what it said last. `order` lists the events of receipts, the strongest
 * last: of one notification a weaker word that comes late is not noted. The devices are locked in one order, since
 * batches of several nodes would deadlock otherwise. One that has another user now keeps what that one's messages brought.
 */
export async function appendReceipts(
  connection: Queryable,
  node: string,
  at: Date,
  rows: DeliveryEventRows,
  last: LastReceipts,
  order: readonly number[],
): Promise<void> {
  await connection.query(
    `with appended as (${APPEND}),
     told as (
       select d.id, l.n, l.e from unnest($9::bigint[], $10::bigint[], $11::bigint[], $12::smallint[]) as l (n, d, u, e)
       join device d on d.id = l.d and d.user_id = l.u
       where (d.last_receipt_at is null or d.last_receipt_at <= $8) and (d.last_receipt_notification is distinct from l.n
         or array_position($13::smallint[], l.e) > array_position($13::smallint[], d.last_receipt))
       order by d.id for no key update of d
     )
     update device d set last_receipt = told.e, last_receipt_at = $8, last_receipt_notification = told.n
     from told where d.id = told.id`,
    [
      ...columnsOf(rows, node, at),
      arrayLiteral(last.notificationIds),
      arrayLiteral(last.deviceIds),
      arrayLiteral(last.userIds),
      arrayLiteral(last.events),
      arrayLiteral(order),
    ],
    'append-receipts',
  );
}

/** What became of the notifications from `first` to `last` at the user's devices, in the order of time. */
export function listEventsOfUser(
  connection: Queryable,
  userId: number,
  { first, last, since }: { readonly first: number; readonly last: number; readonly since: Date },
): Promise<(LoggedEvent & { readonly notificationId: number })[]> {
  return connection.query(
    `select notification_id as "notificationId", device_id as "deviceId", user_id as "userId", event, reason,
       provider_id as "providerId", node, at
     from delivery_event where notification_id between $2 and $3 and user_id = $1 and at >= $4 order by at, event`,
    [userId, first, last, since],
  );
}

/** Which of these devices have an outcome of this notification: what a chunk that is leased again must skip. */
export async function devicesInLog(
  connection: Queryable,
  notificationId: number,
  since: Date,
  deviceIds: readonly number[],
): Promise<Set<number>> {
  const rows = await connection.query<{ device_id: number }>(
    `select distinct device_id from delivery_event
     where notification_id = $1 and at >= $2 and device_id = any($3::bigint[])`,
    [notificationId, since, arrayLiteral(deviceIds)],
  );
  return new Set(rows.map((row) => row.device_id));
}

export interface LoggedEvent {
  readonly deviceId: number;
  readonly userId: number;
  readonly event: number;
  readonly reason: string | null;
  readonly providerId: string | null;
  readonly node: string;
  readonly at: Date;
}

/** Events of one notification for a page of devices (ids above `afterDevice`), in the order of device and time. */
export function listEvents(
  connection: Queryable,
  notificationId: number,
  since: Date,
  afterDevice: number,
  devices: number,
): Promise<LoggedEvent[]> {
  return connection.query<LoggedEvent>(
    `with page as (
       select distinct device_id from delivery_event
       where notification_id = $1 and at >= $2 and device_id > $3 order by device_id limit $4
     )
     select e.device_id as "deviceId", e.user_id as "userId", e.event, e.reason, e.provider_id as "providerId", e.node, e.at
     from delivery_event e join page using (device_id)
     where e.notification_id = $1 and e.at >= $2 order by e.device_id, e.at, e.event`,
    [notificationId, since, afterDevice, devices],
  );
}

/** How many devices have each set of events; folded into states by the caller. */
export function countEventSets(
  connection: Queryable,
  notificationId: number,
  since: Date,
): Promise<{ events: number[]; devices: number }[]> {
  return connection.query(
    `select events, count(*) as devices from (
       select array_agg(distinct event::int order by event::int) as events from delivery_event
       where notification_id = $1 and at >= $2 group by device_id
     ) sets group by events`,
    [notificationId, since],
  );
}

/** Events of the last `windowMs`, by event number. */
export function countEventsSince(
  connection: Queryable,
  since: Date,
): Promise<{ event: number; count: number }[]> {
  return connection.query(
    'select event, count(*) as count from delivery_event where at >= $1 group by event',
    [since],
  );
}
