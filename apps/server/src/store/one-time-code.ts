/** One-time codes: kept as hashes, used once. */
import type { Queryable } from './database.ts';

/** Those that ended before the moment, used or not. */
export async function deleteCodesBefore(connection: Queryable, before: Date): Promise<void> {
  await connection.query('delete from one_time_code where expires_at < $1', [before]);
}
