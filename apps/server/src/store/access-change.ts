/** Changes of who may do what; the database itself notes them, so that no way of making one can forget to. */
import type { Queryable } from './database.ts';

/**
 * Differs whenever something changed. The count stands beside the sum because ids become visible in another order
 * than they are given.
 */
export async function accessVersion(connection: Queryable): Promise<string> {
  const [row] = await connection.query<{ version: string }>(
    `select count(*) || ' ' || coalesce(sum(id), 0) as version from access_change`,
    [],
    'access-version',
  );
  return row?.version ?? '';
}

/** All nodes have seen what is older than a minute. */
export async function forgetAccessChanges(connection: Queryable): Promise<void> {
  await connection.query(`delete from access_change where at < clock_timestamp() - interval '1 minute'`);
}
