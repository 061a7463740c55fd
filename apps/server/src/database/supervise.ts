/** The embedded database as one thing: placed, made, started, restarted when it dies, stopped. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { openCluster } from './cluster.ts';
import { type Connection, connectionAt, DATABASE } from './connection.ts';
import { DataDirectoryUnusable } from './failure.ts';
import { lockDataDirectory } from './lock.ts';
import { chooseOwner } from './owner.ts';
import { findNativeDirectory } from './platform.ts';
import { type RunningPostgres, startPostgres } from './postgres.ts';
import { placePrograms, programPlaces } from './programs.ts';

export interface EmbeddedDatabase {
  /** Stays the same when PostgreSQL has to be started again. */
  readonly connection: Connection;
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly dataDir: string;
  /** Hears PostgreSQL's warnings and what was done about its end. */
  readonly log: (line: string) => void;
  /** Extra `name=value` settings; tests turn fsync off. */
  readonly settings?: readonly string[];
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Starts the database of a data directory and keeps it running until it is stopped or this process ends. Throws
 * `NoEmbeddedPostgres`, `DataDirectoryInUse`, `DataDirectoryUnusable`, or says what else failed.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const dataDir = resolve(options.dataDir);
  const native = findNativeDirectory();
  const unlock = openDataDirectory(dataDir);
  try {
    const owner = chooseOwner(dataDir);
    const programs = placePrograms(native, programPlaces(dataDir), owner);
    const cluster = await openCluster(dataDir, programs, owner);
    const start = () => startPostgres(cluster, options.settings ?? [], options.log);
    const running = keepRunning(await start(), start, options.log);
    const stop = () => running.stop().then(unlock);
    const connection = connectionAt(cluster.socket);
    await createDatabase(connection).catch(async (error: Error) => {
      await running.stop();
      throw error;
    });
    return { connection, stop };
  } catch (error) {
    unlock();
    throw error;
  }
}

function openDataDirectory(dataDir: string): () => void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o711 });
    return lockDataDirectory(dataDir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!code) throw error;
    throw new DataDirectoryUnusable(
      `TOCSIN_DATA_DIR: the server cannot write in ${dataDir} (${code}). Give it to the user that runs the server, or choose another.`,
    );
  }
}

/** Restarts PostgreSQL with growing pauses whenever it ends without being asked to. */
function keepRunning(
  first: RunningPostgres,
  start: () => Promise<RunningPostgres>,
  log: (line: string) => void,
): { stop(): Promise<void> } {
  let current = first;
  const stopping = new AbortController();
  const startAgain = async () => {
    for (
      let pause = FIRST_PAUSE_MS;
      !stopping.signal.aborted;
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2)
    ) {
      try {
        current = await start();
        return;
      } catch (error) {
        log((error as Error).message);
        // An abort only ends the pause early; the loop looks at it next.
        await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };
  const loop = async () => {
    while (!stopping.signal.aborted) {
      const how = await current.exited;
      if (stopping.signal.aborted) return;
      log(`PostgreSQL ended by itself (${how}); starting it again`);
      await delay(FIRST_PAUSE_MS);
      await startAgain();
    }
  };
  const looping = loop();
  return {
    async stop() {
      stopping.abort();
      await current.stop();
      await looping;
      // A start that was under way above may have succeeded.
      await current.stop();
    },
  };
}

async function createDatabase(connection: Connection): Promise<void> {
  const client = new pg.Client({ ...connection, database: 'postgres' });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
