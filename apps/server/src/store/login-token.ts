/** Login tokens that were given out, so that each can be revoked. */
import type { Queryable } from './database.ts';
import { USER_COLUMNS, type UserRecord } from './user.ts';

export interface NewLogin {
  readonly id: string;
  readonly userId: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** What signed in, as it says itself. */
  readonly device: string;
  readonly address: string;
}

export async function storeToken(connection: Queryable, login: NewLogin): Promise<void> {
  await connection.query(
    `insert into login_token (id, user_id, created_at, expires_at, device, address, last_used_at, last_address)
     values ($1, $2, $3, $4, $5, $6, $3, $6)`,
    [login.id, login.userId, login.createdAt, login.expiresAt, login.device, login.address],
  );
}

/** Whose login it is: also of one that was revoked, to say so; null when it was never given out or is long gone. */
export async function findLogin(
  connection: Queryable,
  tokenId: string,
): Promise<(UserRecord & { revoked: boolean }) | null> {
  const [row] = await connection.query<UserRecord & { revoked: boolean }>(
    `select ${USER_COLUMNS}, t.revoked_at is not null as revoked
     from login_token t join user_account u on u.id = t.user_id where t.id = $1`,
    [tokenId],
    'login',
  );
  return row ?? null;
}

export interface LoginRecord {
  readonly id: string;
  readonly device: string;
  readonly address: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly lastAddress: string;
}

const LOGIN = `id, device, address, created_at as "createdAt", expires_at as "expiresAt", last_used_at as "lastUsedAt",
  last_address as "lastAddress"`;

/** The user's that are good now, the last used first. */
export function listLogins(connection: Queryable, userId: number, now: Date): Promise<LoginRecord[]> {
  return connection.query<LoginRecord>(
    `select ${LOGIN} from login_token where user_id = $1 and revoked_at is null and expires_at > $2
     order by last_used_at desc nulls last, id`,
    [userId, now],
  );
}

/** Revokes one of the user's; the push goes on only while another login is valid. False when it was none that is good. */
export async function revokeToken(
  connection: Queryable,
  userId: number,
  id: string,
  at: Date,
): Promise<boolean> {
  const rows = await connection.query(
    `with revoked as (
       update login_token set revoked_at = $3 where id = $2 and user_id = $1 and revoked_at is null returning user_id
     )
     update user_account u set login_expires_at =
       (select max(t.expires_at) from login_token t where t.user_id = u.id and t.revoked_at is null and t.id <> $2)
     from revoked r where u.id = r.user_id returning 1`,
    [userId, id, at],
  );
  return rows.length > 0;
}

/** Revokes all of the user's, but for the one that is to stay, and the pairings that one of them may have made. */
export async function revokeTokensOf(
  connection: Queryable,
  userId: number,
  at: Date,
  keep: string | null = null,
): Promise<void> {
  await connection.query(
    `with revoked as (
       update login_token set revoked_at = $2 where user_id = $1 and revoked_at is null and id is distinct from $3::uuid
     ),
     unpaired as (
       update one_time_code set expires_at = $2 where user_id = $1 and purpose = 'pairing' and used_at is null and expires_at > $2
     )
     update user_account set login_expires_at = (select expires_at from login_token where id = $3::uuid and revoked_at is null)
     where id = $1`,
    [userId, at, keep],
  );
}

/** Which of these logins are no longer good: revoked, expired, or of somebody who is deactivated or deleted. */
export async function endedTokens(
  connection: Queryable,
  ids: readonly string[],
  now: Date,
): Promise<Set<string>> {
  const rows = await connection.query<{ id: string }>(
    `select t.id from unnest($1::uuid[]) as t (id)
     left join login_token l on l.id = t.id and l.revoked_at is null and l.expires_at > $2
     left join user_account u on u.id = l.user_id and u.is_active
     where u.id is null`,
    [ids, now],
    'ended-tokens',
  );
  return new Set(rows.map(({ id }) => id));
}

export async function deleteExpiredTokens(connection: Queryable, before: Date): Promise<void> {
  await connection.query('delete from login_token where expires_at < $1', [before]);
}
