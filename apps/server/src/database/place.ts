/**
 * PostgreSQL refuses to run as root, so as root it runs under an unprivileged uid; then its programs and its data
 * must lie where that uid can get to. A checkout or data directory below a 0700 home gets a place in /var/lib.
 */
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { nativeVersion } from './platform.ts';

/** Whose processes PostgreSQL's are; null: our own. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody` on Debian, Red Hat and macOS guests alike is the last 16-bit id but one; its name is not needed. */
const NOBODY: Owner = { uid: 65_534, gid: 65_534 };
const SHARED_PLACE = '/var/lib/tocsin';

export function chooseOwner(dataDir: string): Owner | null {
  if (process.getuid?.() !== 0) return null;
  const { uid, gid } = statSync(dataDir);
  return uid === 0 ? NOBODY : { uid, gid };
}

/** Can everybody (and so the owner) walk down to this directory? */
export function isReachable(path: string): boolean {
  for (let step = path; ; step = dirname(step)) {
    if (existsSync(step) && (statSync(step).mode & 0o001) === 0) return false;
    if (step === dirname(step)) return true;
  }
}

/** The programs, with their library links made, at a place the owner can run them from. */
export function placePrograms(native: string, owner: Owner | null): string {
  if (!owner || isReachable(native)) {
    linkLibraries(native);
    return native;
  }
  const copy = join(SHARED_PLACE, `postgres-${nativeVersion(native)}`);
  if (!existsSync(copy)) {
    mkdirSync(SHARED_PLACE, { recursive: true, mode: 0o755 });
    const draft = `${copy}.${process.pid}`;
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
    linkLibraries(draft);
    chmodSync(draft, 0o755);
    renameInto(draft, copy);
  }
  return copy;
}

/** Two servers that start together make the same copy: the second one's is thrown away. */
function renameInto(draft: string, target: string): void {
  try {
    renameSync(draft, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
    rmSync(draft, { recursive: true, force: true });
  }
}

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

/** npm cannot pack symbolic links; the package lists them instead. Its own install script may not have run. */
function linkLibraries(native: string): void {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as LibraryLink[];
  for (const { source, target } of links) {
    const link = join(native, target.replace(/^native\//, ''));
    if (!isThere(link)) makeLink(basename(source), link);
  }
  for (const program of ['postgres', 'initdb', 'pg_ctl']) {
    const file = join(native, 'bin', program);
    if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755);
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function makeLink(source: string, link: string): void {
  try {
    symlinkSync(source, link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** The cluster's directory, owned by `owner`, and linked from the data directory when it has to lie elsewhere. */
export function placeCluster(dataDir: string, owner: Owner | null): string {
  const wanted = join(dataDir, 'postgres');
  if (!owner) {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    return wanted;
  }
  if (isReachable(dirname(dataDir)) && !lstatSync(wanted, { throwIfNoEntry: false })?.isSymbolicLink()) {
    // The data directory itself may be closed to others; the owner only has to walk through it.
    chmodSync(dataDir, statSync(dataDir).mode | 0o011);
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    chownSync(wanted, owner.uid, owner.gid);
    return wanted;
  }
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const elsewhere = join(SHARED_PLACE, `data-${name}`);
  mkdirSync(elsewhere, { recursive: true, mode: 0o700 });
  chmodSync(SHARED_PLACE, 0o755);
  chownSync(elsewhere, owner.uid, owner.gid);
  if (!isThere(wanted)) makeLink(elsewhere, wanted);
  return elsewhere;
}

/** sun_path holds 108 bytes with the closing NUL (unix(7)); macOS has 104. */
const LONGEST_SOCKET_PATH = 103;

/** A private directory for the socket: in the cluster, or a short one when that path would be too long. */
export function placeSocket(cluster: string, owner: Owner | null): string {
  const inside = join(cluster, 'socket');
  const name = createHash('sha256').update(cluster).digest('hex').slice(0, 16);
  const fits = Buffer.byteLength(join(inside, '.s.PGSQL.5432')) <= LONGEST_SOCKET_PATH;
  const directory = fits ? inside : join(tmpdir(), `tocsin-${name}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  if (owner) chownSync(directory, owner.uid, owner.gid);
  return directory;
}
