/** Login tokens that were given out, so that each can be revoked. */
import type { Queryable } from './database.ts';

export async function storeToken(
  connection: Queryable,
  token: { id: string; userId: number; createdAt: Date; expiresAt: Date },
): Promise<void> {
  await connection.query(
    'insert into login_token (id, user_id, created_at, expires_at) values ($1, $2, $3, $4)',
    [token.id, token.userId, token.createdAt, token.expiresAt],
  );
}

export async function isRevoked(connection: Queryable, id: string): Promise<boolean> {
  const [row] = await connection.query<{ revoked: boolean }>(
    'select revoked_at is not null as revoked from login_token where id = $1',
    [id],
    'token-revoked',
  );
  return row?.revoked ?? true;
}

/** Revokes one; the user's push goes on only while another login is valid. */
export async function revokeToken(connection: Queryable, id: string, at: Date): Promise<void> {
  await connection.query(
    `with revoked as (update login_token set revoked_at = $2 where id = $1 and revoked_at is null returning user_id)
     update user_account u set login_expires_at =
       (select max(t.expires_at) from login_token t where t.user_id = u.id and t.revoked_at is null and t.id <> $1)
     from revoked r where u.id = r.user_id`,
    [id, at],
  );
}

/** Revokes all of the user's, but for the one that is to stay. */
export async function revokeTokensOf(
  connection: Queryable,
  userId: number,
  at: Date,
  keep: string | null = null,
): Promise<void> {
  await connection.query(
    `with revoked as (
       update login_token set revoked_at = $2 where user_id = $1 and revoked_at is null and id is distinct from $3::uuid
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
