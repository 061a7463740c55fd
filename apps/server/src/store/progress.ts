import type { Queryable } from './database.ts';

/** Chunks of this notification that still wait or are under way. */
export async function countChunksOf(connection: Queryable, notificationId: number): Promise<number> {
  const [row] = await connection.query<{ count: number }>(
    'select count(*) as count from chunk where notification_id = $1',
    [notificationId],
  );
  return row?.count ?? 0;
}

/** How much waits: for metrics, readiness and back-pressure. */
export async function queueDepth(
  connection: Queryable,
): Promise<{ chunks: number; retries: number; oldestMs: number }> {
  const [row] = await connection.query<{ chunks: number; retries: number; oldest: Date | null }>(
    `select (select count(*) from chunk) as chunks, (select count(*) from retry) as retries,
       (select min(run_at) from chunk) as oldest`,
  );
  return { chunks: row?.chunks ?? 0, retries: row?.retries ?? 0, oldestMs: row?.oldest?.getTime() ?? 0 };
}

/** The oldest notification whose inbox rows are still being written; infinity when all are there. */
export async function oldestFanout(connection: Queryable): Promise<number> {
  const [row] = await connection.query<{ id: number | null }>(
    `select min(notification_id) as id from chunk where audience in ('split', 'range')`,
    [],
    'oldest-fanout',
  );
  return row?.id ?? Number.POSITIVE_INFINITY;
}
