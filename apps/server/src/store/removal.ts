/** What goes when an account is deleted. */
import type { Queryable } from './database.ts';

export interface RemovalCounts {
  readonly username: string;
  readonly devices: number;
  readonly subscriptions: number;
  readonly logins: number;
  readonly keys: number;
  readonly inboxEntries: number;
  readonly unread: number;
  /** Nobody could administer the server without this user. */
  readonly isLastAdministrator: boolean;
  readonly needsPassword: boolean;
}

/** Null when there is no such user. What was deleted from the inbox by its reader is still there, and counted. */
export async function countRemoval(
  connection: Queryable,
  userId: number,
  now: Date,
): Promise<RemovalCounts | null> {
  const [row] = await connection.query<RemovalCounts>(
    `select u.username,
       (select count(*) from device where user_id = u.id) as devices,
       (select count(*) from subscription where user_id = u.id and until is null) as subscriptions,
       (select count(*) from login_token where user_id = u.id and revoked_at is null and expires_at > $2) as logins,
       (select count(*) from access_key where user_id = u.id) as keys,
       (select count(*) from inbox where user_id = u.id) as "inboxEntries",
       (select count(*) from inbox where user_id = u.id and read_at is null and deleted_at is null) as unread,
       u.is_admin and u.is_active and not exists (
         select from user_account a where a.is_admin and a.is_active and a.id <> u.id) as "isLastAdministrator",
       u.password_hash is not null as "needsPassword"
     from user_account u where u.id = $1`,
    [userId, now],
  );
  return row ?? null;
}

export interface OwnedService {
  readonly id: string;
  readonly category: string;
  /** Nobody else owns it. */
  readonly isOnlyOwner: boolean;
}

export function servicesOwnedBy(connection: Queryable, userId: number): Promise<OwnedService[]> {
  return connection.query<OwnedService>(
    `select s.id, s.category, not exists (
       select from service_owner other where other.service_id = s.id and other.user_id <> $1) as "isOnlyOwner"
     from service_owner o join service s on s.id = o.service_id where o.user_id = $1 order by s.category, s.id`,
    [userId],
  );
}
