import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { runProgram } from '../../test/programs.ts';
import { DatabaseIsNewer, MigrationRefused, migrate, readMigrations } from './migrate.ts';

const SQL = fileURLToPath(new URL('../../sql', import.meta.url));
const MIGRATOR = new URL('../../test/programs/migrator.ts', import.meta.url);

let connection: { host: string; port: number; user: string; database: string };
let directory: string;

const query = async (text: string, database = connection.database) => {
  const client = new pg.Client({ ...connection, database });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
};
const write = (name: string, sql: string) => writeFileSync(join(directory, name), sql);

beforeEach(async () => {
  connection = { ...inject('postgres'), database: `empty_${randomUUID().replaceAll('-', '')}` };
  await query(`create database ${connection.database}`, 'postgres');
  directory = mkdtempSync(join(tmpdir(), 'tocsin-migrations-'));
});
afterEach(async () => {
  await query(`drop database ${connection.database} with (force)`, 'postgres');
  rmSync(directory, { recursive: true, force: true });
});

describe('migrations', () => {
  it('are each applied once when 20 servers start together', async () => {
    const starters = Array.from({ length: 20 }, () => migrate(connection, SQL));
    const applied = (await Promise.all(starters)).flat();
    expect(applied).toEqual(readMigrations(SQL).map(({ name }) => name));
    expect(await query('select name from schema_migration order by number')).toEqual(
      applied.map((name) => ({ name })),
    );
  });

  it('survive a starter that is killed in the middle of one', async () => {
    write('000001_slow.sql', 'create table half (id int); select pg_sleep(600);');
    const starter = await runProgram(MIGRATOR, [JSON.stringify(connection), directory]);
    const isAsleep = () =>
      query(`select 1 from pg_stat_activity where query like '%pg_sleep(600)%' and wait_event = 'PgSleep'`);
    await expect.poll(isAsleep, { timeout: 10_000, interval: 20 }).toHaveLength(1);
    starter.kill('SIGKILL');
    await query(`select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'`);
    write('000001_slow.sql', 'create table half (id int);');
    expect(await migrate(connection, directory)).toEqual(['000001_slow.sql']);
  });

  it('go on where an earlier version stopped', async () => {
    cpSync(SQL, directory, { recursive: true });
    const known = readMigrations(SQL);
    await migrate(connection, directory);
    const name = `${String(known.length + 1).padStart(6, '0')}_next.sql`;
    write(name, 'create table next_thing (id int primary key);');
    expect(await migrate(connection, directory)).toEqual([name]);
    await expect(migrate(connection, SQL)).rejects.toThrow(DatabaseIsNewer);
  });

  it('leave nothing of one that fails, and name it', async () => {
    write('000001_good.sql', 'create table good (id int);');
    write('000002_bad.sql', 'create table bad (id int); select nonsense;');
    await expect(migrate(connection, directory)).rejects.toThrow(/^000002_bad.sql failed: .*nonsense/);
    expect(await query(`select to_regclass('good') is not null as good, to_regclass('bad') as bad`)).toEqual([
      { good: true, bad: null },
    ]);
  });

  it('are refused when one was edited after it had been applied', async () => {
    write('000001_first.sql', 'create table first (id int);');
    await migrate(connection, directory);
    write('000001_first.sql', 'create table first (id bigint);');
    await expect(migrate(connection, directory)).rejects.toThrow(/000001_first.sql was changed/);
  });

  it('are refused when a number is missing', () => {
    write('000002_second.sql', 'select 1;');
    expect(() => readMigrations(directory)).toThrow(MigrationRefused);
  });

  it('are refused on a database that is not UTF-8', async () => {
    const database = `ascii_${randomUUID().replaceAll('-', '')}`;
    await query(`create database ${database} encoding 'SQL_ASCII' template template0`, 'postgres');
    try {
      await expect(migrate({ ...connection, database }, SQL)).rejects.toThrow(
        /encoding is SQL_ASCII; it must be UTF8/,
      );
    } finally {
      await query(`drop database ${database}`, 'postgres');
    }
  });
});
