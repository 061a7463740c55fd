/** The Notify API's reads and marks: the newest `limit`, marked many at a time. */
import type { Notification } from '@tocsin/push';
import type { Queryable } from './database.ts';
import { NOTIFICATION_COLUMNS, type NotificationRow, toNotification } from './notification.ts';

export interface UserNotification {
  readonly notification: Notification;
  readonly isRead: boolean;
}

/** Newest first; a limit of null is all. Only what was published to a service: these clients know nothing else. */
export async function newestOfUser(
  connection: Queryable,
  userId: number,
  limit: number | null,
): Promise<UserNotification[]> {
  const rows = await connection.query<NotificationRow & { is_read: boolean }>(
    `select ${NOTIFICATION_COLUMNS}, i.read_at is not null as is_read
     from inbox i join notification n on n.id = i.notification_id join service s on s.id = n.service_id
     where i.user_id = $1 and i.deleted_at is null order by n.created_at desc, n.id desc limit $2`,
    [userId, limit],
  );
  return rows.map((row) => ({ notification: toNotification(row), isRead: row.is_read }));
}

/** All of a service, oldest first. */
export async function notificationsOfService(
  connection: Queryable,
  serviceId: string,
): Promise<Notification[]> {
  const rows = await connection.query<NotificationRow>(
    `select ${NOTIFICATION_COLUMNS} from notification n join service s on s.id = n.service_id
     where n.service_id = $1 order by n.created_at, n.id`,
    [serviceId],
  );
  return rows.map(toNotification);
}

export type Mark = 'read' | 'unread' | 'deleted';

export interface NotificationMark {
  readonly id: number;
  readonly status: Mark;
}

/** Marks many in one statement, as if one after the other. What is not the user's is skipped; returns what was marked. */
export async function markMany(
  connection: Queryable,
  userId: number,
  marks: readonly NotificationMark[],
  at: Date,
): Promise<NotificationMark[]> {
  const last = new Map<number, Mark>();
  // Nothing marks what was deleted before.
  for (const { id, status } of marks) if (last.get(id) !== 'deleted') last.set(id, status);
  return connection.query<NotificationMark>(
    `update inbox i set
       read_at = case t.status when 'read' then coalesce(i.read_at, $4) when 'unread' then null else i.read_at end,
       deleted_at = case t.status when 'deleted' then $4 else i.deleted_at end
     from unnest($2::bigint[], $3::text[]) as t (id, status)
     where i.user_id = $1 and i.notification_id = t.id and i.deleted_at is null
     returning t.id, t.status`,
    [userId, [...last.keys()], [...last.values()], at],
  );
}
