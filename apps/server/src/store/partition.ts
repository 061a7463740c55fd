/** The two tables that grow are cut by time: partitions are made ahead of need, and dropping one is the retention. */
import type { Database, Queryable } from './database.ts';

const DAY_MS = 86_400_000;
/** Keeps two servers from making or dropping the same partition at the same time. */
const LOCK = 7_062_268;

interface Range {
  readonly name: string;
  readonly from: Date;
  readonly to: Date;
}

/** Makes monthly partitions of `notification` and daily ones of `delivery_event` from a day ago to `daysAhead` days ahead. */
export async function ensurePartitions(database: Database, now: Date, daysAhead: number): Promise<void> {
  await database.transaction(async (connection) => {
    await connection.query('select pg_advisory_xact_lock($1)', [LOCK]);
    for (let day = -1; day <= daysAhead; day++) {
      const at = new Date(now.getTime() + day * DAY_MS);
      await createPartition(connection, 'notification', monthOf(at));
      await createPartition(connection, 'delivery_event', dayOf(at));
    }
  });
}

function monthOf(at: Date): Range {
  const from = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth()));
  const to = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1));
  return { name: from.toISOString().slice(0, 7).replace('-', ''), from, to };
}

function dayOf(at: Date): Range {
  const from = new Date(Math.floor(at.getTime() / DAY_MS) * DAY_MS);
  return {
    name: from.toISOString().slice(0, 10).replaceAll('-', ''),
    from,
    to: new Date(from.getTime() + DAY_MS),
  };
}

/** Names and bounds are made of digits by the two functions above, so they need no quoting. */
async function createPartition(connection: Queryable, table: string, range: Range): Promise<void> {
  const name = `${table}_${range.name}`;
  const [found] = await connection.query('select 1 from pg_class where relname = $1', [name]);
  if (found) return;
  await connection.query(
    `create table ${name} partition of ${table} for values from ('${range.from.toISOString()}') to ('${range.to.toISOString()}')`,
  );
}

/** Drops what ended before the given moments; returns the names dropped. */
export async function dropPartitionsBefore(
  database: Database,
  before: { notifications: Date; events: Date },
): Promise<string[]> {
  const ended = [
    ...(await partitionsOf(database, 'notification')).filter(
      (name) => endOf(name) <= before.notifications.getTime(),
    ),
    ...(await partitionsOf(database, 'delivery_event')).filter(
      (name) => endOf(name) <= before.events.getTime(),
    ),
  ];
  for (const name of ended) {
    if (name.startsWith('notification_')) await emptyInboxes(database, name);
    await database.query(`drop table if exists ${name}`);
  }
  return ended;
}

async function partitionsOf(connection: Queryable, table: string): Promise<string[]> {
  const rows = await connection.query<{ name: string }>(
    'select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = $1::regclass',
    [table],
  );
  return rows.map((row) => row.name).filter((name) => /_\d{6,8}$/.test(name));
}

function endOf(name: string): number {
  const digits = name.slice(name.lastIndexOf('_') + 1);
  const year = Number(digits.slice(0, 4));
  const month = Number(digits.slice(4, 6));
  return digits.length === 6 ? Date.UTC(year, month) : Date.UTC(year, month - 1, Number(digits.slice(6)) + 1);
}

const BATCH = 10_000;

/** Inbox rows go with their notifications, a bounded number at a time so that nobody waits for a long lock. */
async function emptyInboxes(database: Queryable, partition: string): Promise<void> {
  for (;;) {
    const rows = await database.query(
      `delete from inbox where ctid = any(array(
         select i.ctid from inbox i join ${partition} n on n.id = i.notification_id limit ${BATCH})) returning 1`,
    );
    if (rows.length < BATCH) return;
  }
}
