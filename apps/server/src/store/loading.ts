/** Fills an empty database in one transaction: until it commits, nobody sees anything of it. */
import { once } from 'node:events';
import pg from 'pg';
import { from } from 'pg-copy-streams';
import type { Queryable } from './database.ts';
import { openSession, type Session } from './session.ts';
import { type Sequence, type Table, tableNames } from './table.ts';

export interface TableLoad {
  /** Rows in COPY's text format, cut anywhere. */
  write(data: Buffer): Promise<void>;
  /** Resolves with the number of rows. */
  end(): Promise<number>;
}

export interface Loading extends Queryable {
  makePartitions(table: Table): Promise<void>;
  load(table: Table): TableLoad;
  continueSequences(sequences: readonly Sequence[]): Promise<void>;
  commit(): Promise<void>;
  /** Without `commit` everything is undone. */
  close(): Promise<void>;
}

/** Of partitions that were made by store/partition.ts; anything else in a file is not ours. */
const BOUNDS = /^FOR VALUES FROM \('[^'\\]+'\) TO \('[^'\\]+'\)$/;

/**
 * Numbers that are left out. Devices have seen numbers that were given after the backup was taken, and hold receipt tokens
 * for them: they must not be given to others.
 */
const NUMBERS_LEFT_OUT = 1_000_000;

export async function openLoading(connection: pg.ClientConfig): Promise<Loading> {
  const session = await openSession(connection);
  await session.query('begin');
  // What the triggers would add is in the backup already.
  for (const name of await tableNames(session))
    await session.query(`alter table ${quoted(name)} disable trigger user`);
  return {
    query: session.query,
    async makePartitions({ name, partitions }) {
      for (const partition of partitions) {
        if (!BOUNDS.test(partition.bounds))
          throw new Error(`${partition.name}: these are no bounds: ${partition.bounds}`);
        await session.query(
          `create table ${quoted(partition.name)} partition of ${quoted(name)} ${partition.bounds}`,
        );
      }
    },
    load: (table) => loadTable(session, table),
    async continueSequences(sequences) {
      for (const { name, last } of sequences)
        await session.query('select setval($1::regclass, $2)', [
          `public.${quoted(name)}`,
          last + NUMBERS_LEFT_OUT,
        ]);
    },
    async commit() {
      for (const name of await tableNames(session))
        await session.query(`alter table ${quoted(name)} enable trigger user`);
      await session.query('commit');
    },
    close: () => session.close(),
  };
}

function loadTable(session: Session, { name, columns }: Table): TableLoad {
  const list = columns.map(quoted).join(', ');
  const stream = session.client.query(from(`copy ${quoted(name)} (${list}) from stdin`));
  // Whoever writes next, or waits for the end, hears of it.
  const failed = new Promise<never>((_resolve, reject) => stream.on('error', reject));
  failed.catch(() => undefined);
  return {
    async write(data) {
      if (!stream.write(data)) await Promise.race([once(stream, 'drain'), failed]);
    },
    async end() {
      stream.end();
      await Promise.race([once(stream, 'finish'), failed]);
      return stream.rowCount;
    },
  };
}

/** Names of the tables that hold rows. */
export async function tablesWithRows(connection: Queryable): Promise<string[]> {
  const found: string[] = [];
  for (const name of await tableNames(connection)) {
    const [row] = await connection.query<{ filled: boolean }>(
      `select exists (select from ${quoted(name)}) as filled`,
    );
    if (row?.filled) found.push(name);
  }
  return found;
}

const quoted = (name: string) => pg.escapeIdentifier(name);
