/** The embedded database as one thing: placed, made, started, restarted when it dies, stopped. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { lockDataDirectory } from './lock.ts';
import { chooseOwner, placeCluster, placePrograms, placeSocket } from './place.ts';
import { findNativeDirectory } from './platform.ts';
import { type Cluster, initialise, type RunningPostgres, SOCKET_PORT, startPostgres, SUPERUSER } from './postgres.ts';

export interface EmbeddedDatabase {
  readonly connection: { readonly host: string; readonly port: number; readonly user: string; readonly database: string };
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly log: (line: string) => void;
  readonly settings?: readonly string[];
}

const DATABASE = 'tocsin';
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Starts the database of a data directory. Throws `NoEmbeddedPostgres`, `DataDirectoryInUse` or says what failed. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const dataDir = resolve(options.dataDir);
  const native = findNativeDirectory();
  mkdirSync(dataDir, { recursive: true, mode: 0o711 });
  const unlock = lockDataDirectory(dataDir);
  try {
    const owner = chooseOwner(dataDir);
    const directory = placeCluster(dataDir, owner);
    const programs = placePrograms(native, owner);
    const draft = { programs, directory, socket: '', owner, settings: options.settings ?? [] };
    await initialise(draft);
    const cluster: Cluster = { ...draft, socket: placeSocket(directory, owner) };
    const running = keepRunning(cluster, await startPostgres(cluster, options.log), options.log);
    const connection = { host: cluster.socket, port: SOCKET_PORT, user: SUPERUSER, database: DATABASE };
    await createDatabase(connection);
    const stop = async () => {
      await running.stop();
      unlock();
    };
    return { connection, stop };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Restarts PostgreSQL with growing pauses whenever it ends without being asked to. */
function keepRunning(cluster: Cluster, first: RunningPostgres, log: (line: string) => void): { stop(): Promise<void> } {
  let current: RunningPostgres | null = first;
  const stopping = new AbortController();
  const loop = async () => {
    let pause = FIRST_PAUSE_MS;
    while (!stopping.signal.aborted) {
      if (current) {
        const how = await current.exited;
        current = null;
        if (stopping.signal.aborted) return;
        log(`PostgreSQL ended by itself (${how}); starting it again`);
      }
      await delay(pause);
      if (stopping.signal.aborted) return;
      try {
        current = await startPostgres(cluster, log);
        pause = FIRST_PAUSE_MS;
      } catch (error) {
        log((error as Error).message);
        pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
      }
    }
  };
  const looping = loop();
  return {
    async stop() {
      stopping.abort();
      await current?.stop();
      await looping;
      // It may have come up between the two lines above.
      await current?.stop();
    },
  };
}

async function createDatabase(connection: EmbeddedDatabase['connection']): Promise<void> {
  const client = new pg.Client({ ...connection, database: 'postgres' });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
