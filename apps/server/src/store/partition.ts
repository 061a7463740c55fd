/** The tables that grow are cut by time: partitions are made ahead of need, and dropping one is the retention. */
import type { Database, Queryable } from './database.ts';

const DAY_MS = 86_400_000;
/** Keeps two servers from making or dropping the same partition at the same time. */
const LOCK = 7_062_268;
/** How long dropping may wait for a reader, and thereby make all others wait behind it; the next run tries again. */
const DROP_LOCK_TIMEOUT = "set local lock_timeout = '3s'";

interface Range {
  readonly name: string;
  readonly from: Date;
  readonly to: Date;
}

/** Makes monthly partitions of `notification` and `audit_entry` and daily ones of `delivery_event`, from a day ago to `daysAhead` days ahead. */
export async function ensurePartitions(database: Database, now: Date, daysAhead: number): Promise<void> {
  const wanted = new Map<string, Range & { table: string }>();
  for (let day = -1; day <= daysAhead; day++) {
    const at = new Date(now.getTime() + day * DAY_MS);
    for (const [table, range] of [
      ['notification', monthOf(at)] as const,
      ['audit_entry', monthOf(at)] as const,
      ['delivery_event', dayOf(at)] as const,
    ]) {
      wanted.set(`${table}_${range.name}`, { ...range, table });
    }
  }
  await database.transaction(async (connection) => {
    await connection.query('select pg_advisory_xact_lock($1)', [LOCK]);
    const missing = await connection.query<{ name: string }>(
      'select name from unnest($1::text[]) as name where to_regclass(name) is null',
      [[...wanted.keys()]],
    );
    for (const { name } of missing) {
      const range = wanted.get(name);
      if (range) await createPartition(connection, name, range);
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
  const name = from.toISOString().slice(0, 10).replaceAll('-', '');
  return { name, from, to: new Date(from.getTime() + DAY_MS) };
}

/**
 * Made beside and attached: `partition of` would lock the whole table against everybody, attaching lets them read and write.
 * Names and bounds are made of digits by the two functions above, so they need no quoting.
 */
async function createPartition(
  connection: Queryable,
  name: string,
  range: Range & { readonly table: string },
): Promise<void> {
  await connection.query(
    `create table ${name} (like ${range.table} including defaults including constraints)`,
  );
  await connection.query(
    `alter table ${range.table} attach partition ${name}
     for values from ('${range.from.toISOString()}') to ('${range.to.toISOString()}')`,
  );
}

/**
 * Drops what ended before the given moments, with the inbox rows and idempotency keys of the dropped notifications; returns the
 * names dropped. Safe to be killed at any time, and to run on several servers at once.
 */
export async function dropPartitionsBefore(
  database: Database,
  before: { readonly notifications: Date; readonly events: Date; readonly audit: Date },
): Promise<string[]> {
  const notifications = await endedPartitions(database, 'notification', before.notifications);
  const others = [
    ...(await endedPartitions(database, 'delivery_event', before.events)),
    ...(await endedPartitions(database, 'audit_entry', before.audit)),
  ];
  const end = Math.max(...notifications.map(endOf));
  // First what refers to them: killed in between, the next run still finds the partitions to do it again.
  if (notifications.length > 0) await forget(database, new Date(end));
  for (const name of [...notifications, ...others]) await dropPartition(database, name);
  return [...notifications, ...others];
}

async function dropPartition(database: Database, name: string): Promise<void> {
  await database.transaction(async (connection) => {
    await connection.query('select pg_advisory_xact_lock($1)', [LOCK]);
    await connection.query(DROP_LOCK_TIMEOUT);
    await connection.query(`drop table if exists ${name}`);
  });
}

async function endedPartitions(connection: Queryable, table: string, before: Date): Promise<string[]> {
  const rows = await connection.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = $1::regclass and c.relname ~ '_[0-9]{6,8}$' order by c.relname`,
    [table],
  );
  return rows.map((row) => row.name).filter((name) => endOf(name) <= before.getTime());
}

function endOf(name: string): number {
  const digits = name.slice(name.lastIndexOf('_') + 1);
  const year = Number(digits.slice(0, 4));
  const month = Number(digits.slice(4, 6));
  return digits.length === 6 ? Date.UTC(year, month) : Date.UTC(year, month - 1, Number(digits.slice(6)) + 1);
}

/** Pages of the inbox looked at, and keys deleted, in one statement: nobody waits for a long lock. */
const PAGES = 1_000;
const KEYS = 10_000;

async function forget(database: Queryable, before: Date): Promise<void> {
  const [inbox] = await database.query<{ pages: number }>(
    `select pg_relation_size('inbox') / current_setting('block_size')::bigint as pages`,
  );
  // One walk over the table, by page: it has no index by notification, and needs none for anything else.
  for (let page = 0; page < (inbox?.pages ?? 0); page += PAGES) {
    await database.query(
      `delete from inbox i where i.ctid >= $1::tid and i.ctid < $2::tid
       and exists (select from notification n where n.id = i.notification_id and n.created_at < $3)`,
      [`(${page},0)`, `(${page + PAGES},0)`, before],
    );
  }
  for (let deleted = KEYS; deleted === KEYS; ) {
    const rows = await database.query(
      `delete from idempotency where ctid = any(array(
         select ctid from idempotency where notification_created_at < $1 limit ${KEYS})) returning 1`,
      [before],
    );
    deleted = rows.length;
  }
}
