/** The database that a maintenance command works on: an external one, one beside a running server, or one of its own. */
import { readdirSync } from 'node:fs';
import type pg from 'pg';
import { findRunning, hasCluster } from '../database/running.ts';
import { startEmbedded } from '../database/supervise.ts';

export interface Place {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
}

export interface Target {
  readonly connection: pg.ClientConfig;
  /** For people: which database it is. */
  readonly name: string;
  close(): Promise<void>;
}

/** There is no database to work on, or one where there should be none. */
export class WrongPlace extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'WrongPlace';
  }
}

const nothing = async () => undefined;

/**
 * The database that is there, whether a server runs or not. Without one the embedded PostgreSQL is started for the time
 * being, under the lock that a server would take. `say` hears which of these it is.
 */
export async function openExisting(
  { databaseUrl, dataDir }: Place,
  say: (line: string) => void,
): Promise<Target> {
  if (databaseUrl)
    return { connection: { connectionString: databaseUrl }, name: 'DATABASE_URL', close: nothing };
  const running = await findRunning(dataDir);
  if (running) return { connection: running, name: dataDir, close: nothing };
  if (!hasCluster(dataDir))
    throw new WrongPlace(
      `There is no database in ${dataDir}. Name its folder by TOCSIN_DATA_DIR, or set DATABASE_URL.`,
    );
  say(`No server runs in ${dataDir}: its database is started for this command only.`);
  return startOwn(dataDir);
}

/** Files that may be in a data directory that counts as empty; its database is looked into separately. */
const HARMLESS = /^(?:secret\.key|server\.lock|programs|postgres|lost\+found)$/;

/** A database to be filled: made in the data directory when there is none. Throws `WrongPlace` when it is somebody else's. */
export async function openForRestore({ databaseUrl, dataDir }: Place): Promise<Target> {
  if (databaseUrl)
    return { connection: { connectionString: databaseUrl }, name: 'DATABASE_URL', close: nothing };
  const strange = namesIn(dataDir).filter((name) => !HARMLESS.test(name));
  if (strange.length > 0)
    throw new WrongPlace(
      `${dataDir} is not empty: it holds ${strange.slice(0, 5).join(', ')}. Name an empty folder by TOCSIN_DATA_DIR.`,
    );
  return startOwn(dataDir);
}

async function startOwn(dataDir: string): Promise<Target> {
  const { connection, stop } = await startEmbedded({ dataDir, log: () => undefined });
  return { connection: { ...connection }, name: dataDir, close: stop };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
