/** One PostgreSQL for the whole run, with a migrated template that every test file clones. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../src/database/migrate.ts';
import { startEmbedded } from '../src/database/supervise.ts';

export const TEMPLATE = 'tocsin_template';
const MIGRATIONS = fileURLToPath(new URL('../sql', import.meta.url));

declare module 'vitest' {
  interface ProvidedContext {
    postgres: { host: string; port: number; user: string };
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tocsin-test-'));
  // Nobody needs these rows after a power cut; crash tests start databases of their own with fsync on.
  const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'];
  const embedded = await startEmbedded({ dataDir, log: () => undefined, settings });
  const { host, port, user } = embedded.connection;
  const client = new pg.Client({ host, port, user, database: 'postgres' });
  await client.connect();
  await client.query(`create database ${TEMPLATE}`);
  await client.end();
  await migrate({ host, port, user, database: TEMPLATE }, MIGRATIONS);
  project.provide('postgres', { host, port, user });
  return async () => {
    await embedded.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}
