/** User accounts. Names are stored in lower case. */
import type { Queryable } from './database.ts';

/** Who vouches for an account; `demo` is the one for the reviewers of the app stores. */
export type Origin = 'local' | 'ldap' | 'url' | 'oidc' | 'demo';

export interface UserRecord {
  readonly id: number;
  readonly username: string;
  readonly passwordHash: string | null;
  readonly isActive: boolean;
  readonly isAdmin: boolean;
  /** May read everything and change nothing. */
  readonly isAuditor: boolean;
  readonly origin: Origin;
  readonly createdAt: Date;
  readonly firstLoginAt: Date | null;
}

/** Of a table or alias `u`. */
export const USER_COLUMNS = `u.id, u.username, u.password_hash as "passwordHash", u.is_active as "isActive", u.is_admin as "isAdmin",
  u.is_auditor as "isAuditor", u.origin, u.created_at as "createdAt", u.first_login_at as "firstLoginAt"`;

export async function findUserByName(connection: Queryable, username: string): Promise<UserRecord | null> {
  const [row] = await connection.query<UserRecord>(
    `select ${USER_COLUMNS} from user_account u where username = $1`,
    [username],
    'user-by-name',
  );
  return row ?? null;
}

export async function findUser(connection: Queryable, id: number): Promise<UserRecord | null> {
  const [row] = await connection.query<UserRecord>(
    `select ${USER_COLUMNS} from user_account u where id = $1`,
    [id],
  );
  return row ?? null;
}

/** Nobody else changes the account until the transaction ends. */
export async function lockUser(connection: Queryable, id: number): Promise<void> {
  await connection.query('select 1 from user_account where id = $1 for no key update', [id]);
}

export function listUsers(connection: Queryable): Promise<UserRecord[]> {
  return connection.query<UserRecord>(`select ${USER_COLUMNS} from user_account u order by username`);
}

/** Those of one origin who have a login that is good now, or a key. */
export function listSignedIn(
  connection: Queryable,
  origin: Origin,
  now: Date,
): Promise<Pick<UserRecord, 'id' | 'username'>[]> {
  return connection.query(
    `select id, username from user_account u where origin = $1
       and (login_expires_at > $2 or exists (select from access_key k where k.user_id = u.id)) order by username`,
    [origin, now],
  );
}

/** In the order of their names, after the given one. */
export function listUsersAfter(
  connection: Queryable,
  username: string,
  limit: number,
): Promise<UserRecord[]> {
  return connection.query<UserRecord>(
    `select ${USER_COLUMNS} from user_account u where username > $1 order by username limit $2`,
    [username, limit],
  );
}

/** Whether another administrator could still sign in; nobody changes administrators until the transaction ends. */
export async function hasOtherAdmin(connection: Queryable, id: number): Promise<boolean> {
  const admins = await connection.query<{ id: number }>(
    'select id from user_account where is_admin and is_active order by id for no key update',
  );
  return admins.some((admin) => admin.id !== id);
}

export interface NewUser {
  readonly username: string;
  readonly passwordHash: string | null;
  readonly isAdmin: boolean;
  readonly isAuditor?: boolean;
  readonly origin?: Origin;
}

/** Null when the name is taken. */
export async function createUser(connection: Queryable, user: NewUser): Promise<UserRecord | null> {
  const [row] = await connection.query<UserRecord>(
    `insert into user_account as u (username, password_hash, is_admin, is_auditor, origin) values ($1, $2, $3, $4, $5)
     on conflict do nothing returning ${USER_COLUMNS}`,
    [user.username, user.passwordHash, user.isAdmin, user.isAuditor ?? false, user.origin ?? 'local'],
  );
  return row ?? null;
}

export interface UserChange {
  readonly isActive?: boolean | null | undefined;
  readonly isAdmin?: boolean | null | undefined;
  readonly isAuditor?: boolean | null | undefined;
  readonly origin?: Origin | null | undefined;
}

/** Null or absent leaves a field as it is. Returns the user afterwards, or null when there is none. */
export async function changeUser(
  connection: Queryable,
  id: number,
  change: UserChange,
): Promise<UserRecord | null> {
  const [row] = await connection.query<UserRecord>(
    `update user_account u set is_active = coalesce($2, is_active), is_admin = coalesce($3, is_admin),
       is_auditor = coalesce($4, is_auditor), origin = coalesce($5, origin) where id = $1 returning ${USER_COLUMNS}`,
    [id, change.isActive ?? null, change.isAdmin ?? null, change.isAuditor ?? null, change.origin ?? null],
  );
  return row ?? null;
}

export async function setPasswordHash(connection: Queryable, id: number, hash: string | null): Promise<void> {
  await connection.query('update user_account set password_hash = $2 where id = $1', [id, hash]);
}

/** Removes the user with devices, subscriptions, logins and inbox. False when there was none. */
export async function deleteUser(connection: Queryable, id: number): Promise<boolean> {
  const gone = await connection.query(
    `with gone as (delete from user_account u where id = $1 returning id),
     box as (delete from inbox i using gone g where i.user_id = g.id)
     select id from gone`,
    [id],
  );
  return gone.length > 0;
}

/**
 * Notes a login that lasts until `expiresAt`; true when it was the user's first. The token's row, stored
 * before, holds the user's key: a lock on all of the user's row would make two sign-ins at once wait for each other.
 */
export async function noteLogin(
  connection: Queryable,
  id: number,
  now: Date,
  expiresAt: Date,
): Promise<boolean> {
  const [row] = await connection.query<{ first: boolean }>(
    `update user_account u set first_login_at = coalesce(u.first_login_at, $2), login_expires_at = greatest(u.login_expires_at, $3)
     from (select id, first_login_at from user_account u where id = $1 for no key update) old
     where u.id = old.id returning old.first_login_at is null as first`,
    [id, now, expiresAt],
  );
  return row?.first ?? false;
}

/** The administrator of the first start, as long as nobody has signed in as one. */
export async function findUnusedAdmin(connection: Queryable): Promise<UserRecord | null> {
  const [row] = await connection.query<UserRecord>(
    `select ${USER_COLUMNS} from user_account u where username = 'admin' and is_admin and first_login_at is null
       and not exists (select from user_account u where is_admin and first_login_at is not null)`,
  );
  return row ?? null;
}

export async function hasAdmin(connection: Queryable): Promise<boolean> {
  return (await connection.query('select 1 from user_account u where is_admin limit 1')).length > 0;
}
