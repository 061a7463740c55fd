/** One person's data, as it is exported: whole tables in pages, since an inbox may have a hundred thousand entries. */
import type { AuditRecord } from './audit-entry.ts';
import { AUDIT_COLUMNS } from './audit-entry.ts';
import type { Queryable } from './database.ts';

export interface InboxEntry {
  readonly id: number;
  readonly serviceId: string | null;
  readonly title: string;
  readonly subtitle: string;
  readonly body: string;
  readonly url: string;
  readonly data: Record<string, string>;
  readonly createdAt: Date;
  readonly readAt: Date | null;
  readonly deletedAt: Date | null;
}

/** Also what its reader deleted. In the order of ids, after the given one. */
export function inboxAfter(
  connection: Queryable,
  userId: number,
  afterId: number,
  limit: number,
): Promise<InboxEntry[]> {
  return connection.query<InboxEntry>(
    `select n.id, n.service_id as "serviceId", n.title, n.subtitle, n.body, n.url, n.data, n.created_at as "createdAt",
       i.read_at as "readAt", i.deleted_at as "deletedAt"
     from (select * from inbox where user_id = $1 and notification_id > $2 order by notification_id limit $3) i
     join notification n on n.id = i.notification_id order by n.id`,
    [userId, afterId, limit],
  );
}

/** What the person did and what was done to the account. Newest first, below the given id; null: from the newest. */
export function auditOf(
  connection: Queryable,
  userId: number,
  beforeId: number | null,
  limit: number,
): Promise<AuditRecord[]> {
  return connection.query<AuditRecord>(
    `select ${AUDIT_COLUMNS} from audit_entry
     where (actor_id = $1 or subject = 'user' and subject_id = $1::text) and ($2::bigint is null or id < $2)
     order by id desc limit $3`,
    [userId, beforeId, limit],
  );
}

export function groupsOfUser(connection: Queryable, userId: number): Promise<{ id: number; name: string }[]> {
  return connection.query(
    'select g.id, g.name from group_member m join user_group g on g.id = m.group_id where m.user_id = $1 order by g.name',
    [userId],
  );
}

export interface OwnSubscription {
  readonly serviceId: string;
  readonly category: string;
  readonly since: Date;
  readonly until: Date | null;
}

/** Also those that ended. */
export function subscriptionsOf(connection: Queryable, userId: number): Promise<OwnSubscription[]> {
  return connection.query<OwnSubscription>(
    `select s.id as "serviceId", s.category, sub.since, sub.until from subscription sub join service s on s.id = sub.service_id
     where sub.user_id = $1 order by s.category, s.id`,
    [userId],
  );
}
