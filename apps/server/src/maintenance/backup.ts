/** A backup of everything at one moment, taken while servers run. The file gets its name when it is complete and on disk. */
import { createWriteStream, existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type pg from 'pg';
import { syncDirectory } from '../lib/sync-directory.ts';
import { requireKeys } from '../store/sealed.ts';
import { openSnapshot, type Snapshot } from '../store/snapshot.ts';
import type { Manifest } from './archive.ts';
import { archiveBytes } from './write-archive.ts';

export interface BackupOptions {
  readonly connection: pg.ClientConfig;
  readonly file: string;
  readonly keyFile: string;
  /** The key file goes into the backup. */
  readonly withKey: boolean;
  /** ms since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly tables: number;
  readonly rows: number;
  /** Without these keys it cannot be restored. */
  readonly keyIds: readonly string[];
  readonly hasKey: boolean;
}

/** No backup was taken, and why. */
export class BackupRefused extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'BackupRefused';
  }
}

/** Fast enough for one core to keep up with a disk; the next levels gain little on rows of text. */
const GZIP_LEVEL = 3;

/** Throws `BackupRefused`, `NothingToBackUp` or `KeyMissing`; whatever happens, no half file has the final name. */
export async function backUp(options: BackupOptions): Promise<BackupReport> {
  const { file, keyFile, withKey } = options;
  if (existsSync(file)) throw new BackupRefused(`${file} exists already: name another file.`);
  const snapshot = await openSnapshot(options.connection);
  try {
    if (!snapshot.isSealed)
      throw new BackupRefused(
        'Secrets in the database are not sealed yet: start the server once, then back up.',
      );
    if (withKey) requireKeys(snapshot.keyIds, keyFile);
    const manifest = await writeFile(options, snapshot, withKey ? readFileSync(keyFile) : null);
    const sums = Object.values(manifest.tables);
    return {
      file,
      bytes: statSync(file).size,
      tables: sums.length,
      rows: sums.reduce((all, { rows }) => all + rows, 0),
      keyIds: snapshot.keyIds,
      hasKey: withKey,
    };
  } finally {
    await snapshot.close();
  }
}

async function writeFile(options: BackupOptions, snapshot: Snapshot, key: Buffer | null): Promise<Manifest> {
  const { file, now, signal, onProgress } = options;
  const draft = `${file}.partial-${process.pid}`;
  const written: { manifest?: Manifest } = {};
  const bytes = archiveBytes({
    snapshot,
    key,
    takenAt: now,
    onTable: (name, size) => onProgress(`${name}: ${Math.ceil(size / 1_000_000)} MB`),
    onManifest: (manifest) => {
      written.manifest = manifest;
    },
  });
  try {
    const disk = createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(bytes, createGzip({ level: GZIP_LEVEL }), disk, { signal });
    if (!written.manifest) throw new Error('the backup ended without its manifest');
    renameSync(draft, file);
    syncDirectory(dirname(file));
    return written.manifest;
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
