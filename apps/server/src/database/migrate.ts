/** Numbered, forward-only SQL files, each applied once in its own transaction, however many servers start together. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

export class MigrationRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MigrationRefused';
  }
}

/** An older program on a newer schema would misread what the newer one wrote. */
export class DatabaseIsNewer extends MigrationRefused {
  constructor(migration: string) {
    super(`The database was used by a newer version (it has ${migration}). Start that version.`);
    this.name = 'DatabaseIsNewer';
  }
}

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** Any constant does; it only has to be the same in every version of this program. */
const LOCK = 7_062_267;
const OLDEST_SERVER = 140_000;

/** Reads `000001_name.sql` … in order. Throws when a number is missing or doubled. */
export function readMigrations(directory: string): Migration[] {
  const files = readdirSync(directory)
    .filter((file) => /^\d{6}_.*\.sql$/.test(file))
    .sort();
  return files.map((name, index) => {
    const number = Number(name.slice(0, 6));
    if (number !== index + 1) throw new MigrationRefused(`${name} should have the number ${index + 1}`);
    const sql = readFileSync(join(directory, name), 'utf8');
    return { number, name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
}

/**
 * Brings the database up to date, or to the migration `last`; returns the names of what it applied. Refuses an older or
 * newer world in a sentence.
 */
export async function migrate(
  connection: pg.ClientConfig,
  directory: string,
  last = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const migrations = readMigrations(directory).filter(({ number }) => number <= last);
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await checkServer(client);
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(
      `create table if not exists schema_migration (
         number integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`,
    );
    const applied = await client.query<{ number: number; name: string; checksum: string }>(
      'select number, name, checksum from schema_migration order by number',
    );
    checkApplied(applied.rows, migrations);
    const missing = migrations.slice(applied.rows.length);
    for (const migration of missing) await apply(client, migration);
    return missing.map(({ name }) => name);
  } finally {
    // Ending the session gives the lock back.
    await client.end();
  }
}

async function checkServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: string; version: string; encoding: string }>(
    `select current_setting('server_version_num') as number, current_setting('server_version') as version,
       current_setting('server_encoding') as encoding`,
  );
  const [server] = rows;
  if (Number(server?.number) < OLDEST_SERVER) {
    throw new MigrationRefused(`PostgreSQL ${server?.version} is too old: 14 or newer is needed.`);
  }
  if (server?.encoding !== 'UTF8')
    throw new MigrationRefused(`The database's encoding is ${server?.encoding}; it must be UTF8.`);
}

function checkApplied(
  applied: { number: number; name: string; checksum: string }[],
  known: Migration[],
): void {
  for (const row of applied) {
    const migration = known[row.number - 1];
    if (!migration) throw new DatabaseIsNewer(row.name);
    if (migration.checksum !== row.checksum) {
      throw new MigrationRefused(
        `${migration.name} was changed after it had been applied. Migrations are never edited: add a new one.`,
      );
    }
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query('insert into schema_migration (number, name, checksum) values ($1, $2, $3)', [
      migration.number,
      migration.name,
      migration.checksum,
    ]);
    await client.query(migration.sql);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw new MigrationRefused(`${migration.name} failed: ${(error as Error).message}`);
  }
}
