/** The whole database as it was at one moment, read while others go on writing. */
import type { Readable } from 'node:stream';
import pg from 'pg';
import { to } from 'pg-copy-streams';
import { hasUnsealed, keyIdsInUse } from './sealed.ts';
import { openSession } from './session.ts';
import {
  type AppliedMigration,
  listMigrations,
  listSequences,
  listTables,
  type Sequence,
  type Table,
  tableNames,
} from './table.ts';

export interface Snapshot {
  readonly migrations: readonly AppliedMigration[];
  /** Those that others refer to come first. */
  readonly tables: readonly Table[];
  readonly sequences: readonly Sequence[];
  /** The keys that open its secrets. */
  readonly keyIds: readonly string[];
  /** False when secrets still stand in the clear. */
  readonly isSealed: boolean;
  /** A table's rows in COPY's text format; `rowCount` counts them when it has ended. */
  copyOut(table: Table): Readable & { readonly rowCount: number };
  close(): Promise<void>;
}

/** Throws `NothingToBackUp` when no server has used this database yet. */
export async function openSnapshot(connection: pg.ClientConfig): Promise<Snapshot> {
  const session = await openSession(connection);
  try {
    const migrations = await listMigrations(session);
    if (migrations.length === 0) throw new NothingToBackUp();
    const names = await tableNames(session);
    await session.query('begin isolation level repeatable read read only');
    // The view is frozen by the first select. Locked before, no partition is dropped between the two.
    await session.query(`lock table ${names.map(quoted).join(', ')} in access share mode`);
    return {
      migrations: await listMigrations(session),
      tables: await listTables(session),
      // Read after the view was frozen: never behind the rows in it.
      sequences: await listSequences(session),
      keyIds: await keyIdsInUse(session),
      isSealed: !(await hasUnsealed(session)),
      copyOut: ({ name, columns }) =>
        session.client.query(
          to(`copy (select ${columns.map(quoted).join(', ')} from ${quoted(name)}) to stdout`),
        ),
      close: () => session.close(),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

export class NothingToBackUp extends Error {
  constructor() {
    super('No server has used this database yet: there is nothing to back up.');
    this.name = 'NothingToBackUp';
  }
}

const quoted = (name: string) => pg.escapeIdentifier(name);
