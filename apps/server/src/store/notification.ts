/** Notifications: written by ingest in batches, read by fan-out and the API. */
import type { Notification, NotificationAction, Priority } from '@tocsin/push';
import type { Queryable } from './database.ts';

/** Stored as a number so that the queue can order by it. */
export const PRIORITIES: readonly Priority[] = ['low', 'normal', 'high', 'critical'];

export function priorityRank(priority: Priority): number {
  return PRIORITIES.indexOf(priority);
}

export interface NotificationRow {
  id: number;
  uuid: string;
  service_id: string | null;
  category: string | null;
  color: string | null;
  title: string;
  subtitle: string;
  body: string;
  url: string;
  priority: number;
  ttl_seconds: number;
  collapse_key: string | null;
  actions: NotificationAction[];
  data: Record<string, string>;
  created_at: Date;
}

/** Colour and name of what was addressed to people instead of a service. */
const DIRECT = { category: '', color: '607d8b' };

export function toNotification(row: NotificationRow): Notification {
  return {
    id: row.id,
    uuid: row.uuid,
    serviceId: row.service_id,
    serviceName: row.category ?? DIRECT.category,
    color: row.color ?? DIRECT.color,
    title: row.title,
    subtitle: row.subtitle,
    body: row.body,
    url: row.url,
    priority: PRIORITIES[row.priority] ?? 'normal',
    ttlSeconds: row.ttl_seconds,
    collapseKey: row.collapse_key,
    actions: row.actions,
    data: row.data,
    timestamp: row.created_at.getTime(),
  };
}

export const NOTIFICATION_COLUMNS = `n.id, n.uuid, n.service_id, s.category, s.color, n.title, n.subtitle, n.body, n.url,
  n.priority, n.ttl_seconds, n.collapse_key, n.actions, n.data, n.created_at`;

/** `createdAt` lets PostgreSQL look into one partition only. */
export async function findNotification(
  database: Queryable,
  id: number,
  createdAt?: Date,
): Promise<Notification | null> {
  const rows = await database.query<NotificationRow>(
    `select ${NOTIFICATION_COLUMNS} from notification n left join service s on s.id = n.service_id
     where n.id = $1 and ($2::timestamptz is null or n.created_at = $2)`,
    [id, createdAt ?? null],
    createdAt && 'find-notification',
  );
  return rows[0] ? toNotification(rows[0]) : null;
}
