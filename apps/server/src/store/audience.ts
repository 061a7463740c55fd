/** Which of the ids that a publisher named do not exist. */
import type { Queryable } from './database.ts';

export function unknownUsers(connection: Queryable, ids: readonly number[]): Promise<number[]> {
  return missing(connection, 'user_account', ids);
}

export function unknownDevices(connection: Queryable, ids: readonly number[]): Promise<number[]> {
  return missing(connection, 'device', ids);
}

async function missing(
  connection: Queryable,
  table: 'user_account' | 'device',
  ids: readonly number[],
): Promise<number[]> {
  if (ids.length === 0) return [];
  const rows = await connection.query<{ id: number }>(
    `select t.id from unnest($1::bigint[]) as t (id) where not exists (select 1 from ${table} x where x.id = t.id) order by t.id`,
    [ids],
  );
  return rows.map(({ id }) => id);
}
