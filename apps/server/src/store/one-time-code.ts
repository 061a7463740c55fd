/** One-time codes: kept as hashes, used once. */
import type { Queryable } from './database.ts';
import type { Origin } from './user.ts';

export type CodePurpose = 'invitation' | 'reset' | 'pairing';

export interface NewCode {
  readonly hash: Buffer;
  readonly purpose: CodePurpose;
  readonly userId: number;
  readonly createdBy: number | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export interface CodeRecord {
  readonly purpose: CodePurpose;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  readonly userId: number;
  readonly username: string;
  readonly isActive: boolean;
  readonly origin: Origin;
}

export async function insertCode(connection: Queryable, code: NewCode): Promise<void> {
  await connection.query(
    `insert into one_time_code (hash, purpose, user_id, created_by, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)`,
    [code.hash, code.purpose, code.userId, code.createdBy, code.createdAt, code.expiresAt],
  );
}

/** Also of a code that was used or has expired, to say so; null when there never was one, or its user was deleted. */
export async function findCode(connection: Queryable, hash: Buffer): Promise<CodeRecord | null> {
  const [row] = await connection.query<CodeRecord>(
    `select c.purpose, c.expires_at as "expiresAt", c.used_at as "usedAt", u.id as "userId", u.username,
       u.is_active as "isActive", u.origin
     from one_time_code c join user_account u on u.id = c.user_id where c.hash = $1`,
    [hash],
  );
  return row ?? null;
}

/** Of two that use the same code at once, one gets true. */
export async function useCode(connection: Queryable, hash: Buffer, now: Date): Promise<boolean> {
  const rows = await connection.query(
    `update one_time_code c set used_at = $2 from user_account u
     where c.hash = $1 and c.used_at is null and c.expires_at > $2 and u.id = c.user_id and u.is_active returning 1`,
    [hash, now],
  );
  return rows.length > 0;
}

/** What was not used of these purposes expires now. */
export async function endCodes(
  connection: Queryable,
  userId: number,
  purposes: readonly CodePurpose[],
  now: Date,
): Promise<void> {
  await connection.query(
    `update one_time_code set expires_at = $3
     where user_id = $1 and purpose = any($2::text[]) and used_at is null and expires_at > $3`,
    [userId, purposes, now],
  );
}

/** Those that ended before the moment, used or not. */
export async function deleteCodesBefore(connection: Queryable, before: Date): Promise<void> {
  await connection.query('delete from one_time_code where expires_at < $1', [before]);
}
