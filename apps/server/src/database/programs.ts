/** PostgreSQL's programs: made complete, and copied when the user they run as cannot get to the installed ones. */
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { NoEmbeddedPostgres } from './failure.ts';
import { canReach, type Owner } from './owner.ts';
import { nativeVersion } from './platform.ts';

/** Where a copy may go, best first: with the data, else where root keeps what can be made again. */
export function programPlaces(dataDir: string): string[] {
  return [join(dataDir, 'programs'), '/var/cache/tocsin', join(tmpdir(), 'tocsin-programs')];
}

/** Directory with the programs, complete with their library links, that the owner can run. Copies once per version. */
export function placePrograms(native: string, places: readonly string[], owner: Owner | null): string {
  if (isCompletable(native) && canReach(owner, join(native, 'bin', 'postgres'))) return native;
  // A checkout below a 0700 home and seen from another uid, or a node_modules that only its installer may change.
  for (const place of places) {
    if (!isOurs(place) || !canReach(owner, place)) continue;
    const copy = join(place, `postgres-${nativeVersion(native)}`);
    if (!existsSync(copy)) copyPrograms(native, copy);
    return copy;
  }
  throw new NoEmbeddedPostgres(
    `The programs in ${native} cannot be run by the user ${owner?.uid}, nor copied where they can.`,
  );
}

/** True when the links and modes are, or could now be, as they have to be. */
function isCompletable(native: string): boolean {
  try {
    complete(native);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
    throw error;
  }
}

/** Makes the directory if it can; true when nobody else could have put programs into it. */
function isOurs(place: string): boolean {
  try {
    mkdirSync(place, { recursive: true, mode: 0o755 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOSPC') return false;
    throw error;
  }
  const found = lstatSync(place);
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

function copyPrograms(native: string, copy: string): void {
  const draft = `${copy}.${process.pid}`;
  try {
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
    complete(draft);
    chmodSync(draft, 0o755);
    renameSync(draft, copy);
  } catch (error) {
    // Two servers that start together make the same copy: the second one's is thrown away.
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
}

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

/** npm cannot pack symbolic links; the package lists them instead. Its own install script may not have run. */
function complete(native: string): void {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as LibraryLink[];
  for (const { source, target } of links)
    makeLink(basename(source), join(native, target.replace(/^native\//, '')));
  for (const program of ['postgres', 'initdb', 'pg_ctl']) {
    const file = join(native, 'bin', program);
    if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755);
  }
}

function makeLink(source: string, link: string): void {
  if (lstatSync(link, { throwIfNoEntry: false })) return;
  try {
    symlinkSync(source, link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
