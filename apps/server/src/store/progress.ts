import type { Queryable } from './database.ts';

/** Chunks of this notification that still wait or are under way. */
export async function countChunksOf(connection: Queryable, notificationId: number): Promise<number> {
  const [row] = await connection.query<{ count: number }>('select count(*) as count from chunk where notification_id = $1', [notificationId]);
  return row?.count ?? 0;
}
