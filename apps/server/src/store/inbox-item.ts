/** Inbox items as the live stream and API v3 read them: the notification with the user's own marks. */
import type { Notification } from '@tocsin/push';
import type { Queryable } from './database.ts';
import { NOTIFICATION_COLUMNS, type NotificationRow, toNotification } from './notification.ts';

export interface InboxItem {
  readonly userId: number;
  readonly isRead: boolean;
  readonly notification: Notification;
}

type Row = NotificationRow & { user_id: number; is_read: boolean };

const SELECT = `select i.user_id, i.read_at is not null as is_read, ${NOTIFICATION_COLUMNS}
  from inbox i join notification n on n.id = i.notification_id left join service s on s.id = n.service_id
  where i.deleted_at is null`;

function toItem(row: Row): InboxItem {
  return { userId: row.user_id, isRead: row.is_read, notification: toNotification(row) };
}

export interface InboxEntry {
  readonly userId: number;
  readonly id: number;
}

/** Ids of what arrived for these users above each one's own floor, at most `limit` each, lowest first. */
export function inboxIdsAbove(
  connection: Queryable,
  floors: readonly { userId: number; floor: number }[],
  limit: number,
): Promise<InboxEntry[]> {
  return connection.query<InboxEntry>(
    `select t.user_id as "userId", x.id from (
       select user_id, min(floor) as floor from unnest($1::bigint[], $2::bigint[]) as t (user_id, floor) group by user_id
     ) t cross join lateral (
       select notification_id as id from inbox
       where user_id = t.user_id and notification_id > t.floor and deleted_at is null order by notification_id limit $3
     ) x order by x.id`,
    [floors.map((entry) => entry.userId), floors.map((entry) => entry.floor), limit],
    'inbox-ids-above',
  );
}

/** Those of these entries that still exist, in no order. */
export async function findInboxItems(
  connection: Queryable,
  entries: readonly InboxEntry[],
): Promise<InboxItem[]> {
  const rows = await connection.query<Row>(
    `${SELECT} and (i.user_id, i.notification_id) in (select * from unnest($1::bigint[], $2::bigint[]))`,
    [entries.map(({ userId }) => userId), entries.map(({ id }) => id)],
    'inbox-items',
  );
  return rows.map(toItem);
}

export interface InboxFilter {
  /** Only ids below this one. */
  readonly before: number | null;
  readonly limit: number;
  readonly serviceId: string | null;
  readonly unreadOnly: boolean;
}

/** Newest first. */
export async function listInboxItems(
  connection: Queryable,
  userId: number,
  filter: InboxFilter,
): Promise<InboxItem[]> {
  const rows = await connection.query<Row>(
    `${SELECT} and i.user_id = $1 and ($2::bigint is null or i.notification_id < $2)
       and ($3::uuid is null or n.service_id = $3) and (not $4 or i.read_at is null)
     order by i.notification_id desc limit $5`,
    [userId, filter.before, filter.serviceId, filter.unreadOnly, filter.limit],
  );
  return rows.map(toItem);
}

export async function findInboxItem(
  connection: Queryable,
  userId: number,
  id: number,
): Promise<InboxItem | null> {
  const rows = await connection.query<Row>(`${SELECT} and i.user_id = $1 and i.notification_id = $2`, [
    userId,
    id,
  ]);
  return rows[0] ? toItem(rows[0]) : null;
}

export async function newestInboxId(connection: Queryable, userId: number): Promise<number> {
  const [row] = await connection.query<{ id: number | null }>(
    'select max(notification_id) as id from inbox where user_id = $1',
    [userId],
  );
  return row?.id ?? 0;
}

/** Returns false when the user does not have it. */
export async function markInboxItem(
  connection: Queryable,
  userId: number,
  id: number,
  status: 'read' | 'unread' | 'deleted',
  at: Date,
): Promise<boolean> {
  const rows = await connection.query(
    `update inbox set
       read_at = case $3 when 'read' then coalesce(read_at, $4) when 'unread' then null else read_at end,
       deleted_at = case $3 when 'deleted' then $4 else deleted_at end
     where user_id = $1 and notification_id = $2 and deleted_at is null returning 1`,
    [userId, id, status, at],
  );
  return rows.length > 0;
}

export async function markAllRead(connection: Queryable, userId: number, at: Date): Promise<void> {
  await connection.query(
    'update inbox set read_at = $2 where user_id = $1 and read_at is null and deleted_at is null',
    [userId, at],
  );
}

export async function countUnread(connection: Queryable, userId: number): Promise<number> {
  const [row] = await connection.query<{ count: number }>(
    'select count(*) as count from inbox where user_id = $1 and read_at is null and deleted_at is null',
    [userId],
  );
  return row?.count ?? 0;
}
