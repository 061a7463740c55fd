/** Failed sign-ins per account and per address. Keys are hashes; times are the asking node's clock. */
import type { Queryable } from './database.ts';

export interface ThrottleRecord {
  readonly key: string;
  readonly failures: number;
  readonly delayedUntil: Date;
  readonly changedAt: Date;
}

const COLUMNS = 'key, failures, delayed_until as "delayedUntil", changed_at as "changedAt"';

export async function findThrottles(
  connection: Queryable,
  keys: readonly string[],
): Promise<Map<string, ThrottleRecord>> {
  const rows = await connection.query<ThrottleRecord>(
    `select ${COLUMNS} from sign_in_throttle where key = any($1)`,
    [keys],
    'sign-in-throttles',
  );
  return new Map(rows.map((row) => [row.key, row]));
}

/** Holds them until the transaction ends, and makes those that are missing. */
export async function lockThrottles(
  connection: Queryable,
  keys: readonly string[],
  now: Date,
): Promise<ThrottleRecord[]> {
  // In one order everywhere, so that two sign-ins never wait for each other.
  const inOrder = [...keys].sort();
  await connection.query(
    `insert into sign_in_throttle (key, failures, delayed_until, changed_at)
     select key, 0, $2, $2 from unnest($1::text[]) as k (key) order by key on conflict do nothing`,
    [inOrder, now],
  );
  return connection.query<ThrottleRecord>(
    `select ${COLUMNS} from sign_in_throttle where key = any($1) order by key for update`,
    [inOrder],
  );
}

export async function putThrottle(connection: Queryable, record: ThrottleRecord): Promise<void> {
  await connection.query(
    'update sign_in_throttle set failures = $2, delayed_until = $3, changed_at = $4 where key = $1',
    [record.key, record.failures, record.delayedUntil, record.changedAt],
  );
}

/** One failure less, and no delay: what was counted was not a wrong password. */
export async function takeFailureBack(connection: Queryable, key: string, now: Date): Promise<void> {
  await connection.query(
    'update sign_in_throttle set failures = greatest(failures - 1, 0), delayed_until = $2 where key = $1',
    [key, now],
  );
}

/** Starts a familiar pair of account and address anew. */
export async function putFamiliar(connection: Queryable, key: string, now: Date): Promise<void> {
  await connection.query(
    `insert into sign_in_throttle (key, failures, delayed_until, changed_at, is_familiar) values ($1, 0, $2, $2, true)
     on conflict (key) do update set failures = 0, delayed_until = $2, changed_at = $2`,
    [key, now],
  );
}

export async function deleteThrottle(connection: Queryable, key: string): Promise<void> {
  await connection.query('delete from sign_in_throttle where key = $1', [key]);
}

export async function deleteThrottlesBefore(
  connection: Queryable,
  before: { readonly familiar: Date; readonly others: Date },
): Promise<void> {
  await connection.query(
    'delete from sign_in_throttle where changed_at < case when is_familiar then $1::timestamptz else $2::timestamptz end',
    [before.familiar, before.others],
  );
}
