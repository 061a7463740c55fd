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

/** Appends all rows with one time and node. */
export async function appendEvents(
  connection: Queryable,
  node: string,
  at: Date,
  rows: DeliveryEventRows,
): Promise<void> {
  if (rows.deviceIds.length === 0) return;
  await connection.query(
    `insert into delivery_event (notification_id, device_id, user_id, event, reason, provider_id, node, at)
     select t.n, t.d, t.u, t.e, t.r, t.p, $7, $8
     from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::text[], $6::text[]) as t (n, d, u, e, r, p)`,
    [
      arrayLiteral(rows.notificationIds),
      arrayLiteral(rows.deviceIds),
      arrayLiteral(rows.userIds),
      arrayLiteral(rows.events),
      emptyIfAll(null, rows.reasons),
      emptyIfAll(null, rows.providerIds),
      node,
      at,
    ],
    'append-events',
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
