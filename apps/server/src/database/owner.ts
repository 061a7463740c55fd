/** PostgreSQL refuses to run as root: as root, its processes and files belong to an unprivileged uid. */
import { spawnSync } from 'node:child_process';
import { chownSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { DataDirectoryUnusable } from './failure.ts';

/** Whose processes PostgreSQL's are; null: our own. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody` on Debian and Red Hat alike. The number is enough: no account is created. */
const NOBODY: Owner = { uid: 65_534, gid: 65_534 };

/** As root: whoever owns the data directory, or nobody. Otherwise null. */
export function chooseOwner(dataDir: string): Owner | null {
  if (process.getuid?.() !== 0) return null;
  const { uid, gid } = statSync(dataDir);
  return uid === 0 ? NOBODY : { uid, gid };
}

/** Can the owner walk down to this path? Asked of the system itself, which knows ACLs and mounts too. */
export function canReach(owner: Owner | null, path: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'test -x "$0"', path], { ...owner, cwd: '/' }).status === 0;
}

/** Makes a 0700 directory of the owner's. One that is there already must be that: never followed, never taken over. */
export function privateDirectory(path: string, owner: Owner | null): void {
  try {
    mkdirSync(path, { mode: 0o700 });
    if (owner) chownSync(path, owner.uid, owner.gid);
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = lstatSync(path);
  const uid = owner?.uid ?? process.getuid?.() ?? 0;
  if (!found.isDirectory() || found.uid !== uid) {
    throw new DataDirectoryUnusable(
      `${path} must be a directory of the user ${uid} (it belongs to ${found.uid}): chown -R it, or choose another TOCSIN_DATA_DIR.`,
    );
  }
}
