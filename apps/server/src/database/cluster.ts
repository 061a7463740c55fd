/** Where a PostgreSQL's files are, and how they are made. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PORT, SUPERUSER } from './connection.ts';
import { DataDirectoryUnusable, explain } from './failure.ts';
import { canReach, type Owner, privateDirectory } from './owner.ts';

export interface Cluster {
  readonly programs: string;
  /** Real path of the files. */
  readonly directory: string;
  /** Directory of the Unix socket; with `port` what a client needs. */
  readonly socket: string;
  readonly port: number;
  readonly owner: Owner | null;
}

/** Neither the environment's settings for libpq nor its language may change what PostgreSQL does and says. */
export const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** Finds the cluster of a data directory, making it at the first start. */
export async function openCluster(dataDir: string, programs: string, owner: Owner | null): Promise<Cluster> {
  // The owner walks through the data directory and lists nothing.
  if (owner) chmodSync(dataDir, statSync(dataDir).mode | 0o011);
  const wanted = clusterDirectory(dataDir);
  if (!existsSync(join(wanted, 'PG_VERSION'))) await initialise(wanted, programs, owner);
  privateDirectory(wanted, owner);
  return { programs, directory: wanted, socket: placeSocket(wanted, owner), port: PORT, owner };
}

/** Where the files of a data directory's cluster are, or will be. */
export function clusterDirectory(dataDir: string): string {
  return join(realpathSync(dataDir), 'postgres');
}

/** Made beside and renamed when complete: a first start that was killed half-way leaves nothing to trip over. */
async function initialise(directory: string, programs: string, owner: Owner | null): Promise<void> {
  const draft = mkdtempSync(`${directory}.new-`);
  if (owner) chownSync(draft, owner.uid, owner.gid);
  const args = ['-D', pathFor(owner, draft), '-U', SUPERUSER, '--auth-local=trust', '--auth-host=reject'];
  const options = ['-E', 'UTF8', '--locale=C', '--data-checksums', '--no-instructions'];
  try {
    const how = { ...owner, cwd: draft, env: ENVIRONMENT };
    await promisify(execFile)(join(programs, 'bin', 'initdb'), [...args, ...options], how);
    renameSync(draft, directory);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    const { stderr, message } = error as Error & { stderr?: string };
    throw explain(stderr?.trim() || message, directory);
  }
}

/**
 * The name under which the owner finds its working directory. Below a 0700 home it could not walk there by the real path;
 * Linux lets a process use the directory it was started in, under this name (proc(5)), without walking.
 */
export function pathFor(owner: Owner | null, directory: string): string {
  if (!owner || canReach(owner, directory)) return directory;
  if (process.platform === 'linux') return '/proc/self/cwd';
  throw new DataDirectoryUnusable(
    `The user ${owner.uid} cannot get to ${directory}: a directory above it is closed to others. Choose another TOCSIN_DATA_DIR.`,
  );
}

/** sun_path holds 108 bytes with the closing NUL (unix(7)); macOS has 104. */
const LONGEST_SOCKET_PATH = 103;

/** In the cluster, or a short one when that path would be too long. */
export function socketDirectory(directory: string): string {
  const inside = join(directory, 'socket');
  const fits = Buffer.byteLength(join(inside, `.s.PGSQL.${PORT}`)) <= LONGEST_SOCKET_PATH;
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  return fits ? inside : join(tmpdir(), `tocsin-${name}`);
}

function placeSocket(directory: string, owner: Owner | null): string {
  const place = socketDirectory(directory);
  privateDirectory(place, owner);
  return place;
}

/** The socket's directory as PostgreSQL is told it: quoted, because the setting is a list. */
export function socketSetting(cluster: Cluster): string {
  const inside = cluster.socket === join(cluster.directory, 'socket');
  const path = inside ? join(pathFor(cluster.owner, cluster.directory), 'socket') : cluster.socket;
  return `unix_socket_directories="${path.replaceAll('"', '""')}"`;
}
