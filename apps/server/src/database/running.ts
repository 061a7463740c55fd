/** The database of a server that runs in a data directory already, for whoever wants to work beside it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { clusterDirectory, socketDirectory } from './cluster.ts';
import { type Connection, connectionAt } from './connection.ts';
import { DataDirectoryUnusable } from './failure.ts';

/** True when a database was made there. */
export function hasCluster(dataDir: string): boolean {
  return existsSync(join(dataDir, 'postgres'));
}

/** Null when none runs there. Throws `DataDirectoryUnusable` when this user may not use it. */
export async function findRunning(dataDir: string): Promise<Connection | null> {
  if (!hasCluster(dataDir)) return null;
  const connection = connectionAt(socketDirectory(clusterDirectory(dataDir)));
  const client = new pg.Client(connection);
  try {
    await client.connect();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // No socket, or nobody behind it.
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return null;
    if (code === 'EACCES')
      throw new DataDirectoryUnusable(
        `This user may not use the database in ${dataDir}: work as the user that runs the server.`,
      );
    throw error;
  }
  await client.end();
  return connection;
}
