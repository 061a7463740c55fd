import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { type Database, openDatabase } from '../src/store/database.ts';
import { ensurePartitions } from '../src/store/partition.ts';

export interface TestDatabase {
  readonly database: Database;
  readonly connection: { host: string; port: number; user: string; database: string };
  drop(): Promise<void>;
}

/** A database of its own for one test file: a clone of the migrated template. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = inject('postgres');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administrate(server, `create database ${name} template tocsin_template`);
  const connection = { ...server, database: name };
  const database = openDatabase(connection, () => undefined);
  await ensurePartitions(database, new Date(), 2);
  return {
    database,
    connection,
    async drop() {
      await database.close();
      await administrate(server, `drop database ${name} with (force)`);
    },
  };
}

export interface EmptyDatabase {
  readonly connection: TestDatabase['connection'];
  drop(): Promise<void>;
}

/** Nothing is in it, not even a table. */
export async function emptyDatabase(): Promise<EmptyDatabase> {
  const server = inject('postgres');
  const name = `empty_${randomUUID().replaceAll('-', '')}`;
  await administrate(server, `create database ${name}`);
  return {
    connection: { ...server, database: name },
    drop: () => administrate(server, `drop database ${name} with (force)`),
  };
}

async function administrate(
  server: { host: string; port: number; user: string },
  statement: string,
): Promise<void> {
  const client = new pg.Client({ ...server, database: 'postgres' });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
