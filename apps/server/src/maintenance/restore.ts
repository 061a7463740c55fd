/**
 * Fills an empty database from a backup. The file is read twice: once to see that it is whole, before anything is touched,
 * and once to load it, in one transaction. Killed at any moment, there is everything or nothing.
 */
import type pg from 'pg';
import { migrate, readMigrations } from '../database/migrate.ts';
import { createKeyFile, parseKeys, readKeyFile } from '../lib/key-file.ts';
import type { Key } from '../lib/sealer.ts';
import { endAllLeases } from '../queue/chunk.ts';
import { type Loading, openLoading, type TableLoad, tablesWithRows } from '../store/loading.ts';
import { discardSecrets, requireKeys } from '../store/sealed.ts';
import { openSession } from '../store/session.ts';
import { analyze, listMigrations, tableNames } from '../store/table.ts';
import { ArchiveRefused, type Contents, KEY_NAME, type Manifest } from './archive.ts';
import { readArchive } from './read-archive.ts';
import { type Target, WrongPlace } from './target.ts';

export interface RestoreOptions {
  readonly file: string;
  readonly keyFile: string;
  /** The key is lost: everything but the secrets is restored, and the server makes new ones. */
  readonly withoutSecrets: boolean;
  /** Folder of the migrations. */
  readonly migrations: string;
  readonly openTarget: () => Promise<Target>;
  readonly onProgress: (line: string) => void;
  /** While the database still runs. */
  readonly onRestored?: (connection: pg.ClientConfig, report: RestoreReport) => Promise<void>;
}

export interface RestoreReport {
  readonly into: string;
  readonly takenAt: string;
  readonly tables: number;
  readonly rows: number;
  /** Migrations that are newer than the backup. */
  readonly migrated: readonly string[];
  /** The key file came out of the backup. */
  readonly madeKeyFile: boolean;
}

/** Throws `ArchiveRefused`, `KeyMissing` or `WrongPlace` before anything is changed. */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const { file, keyFile, migrations, onProgress } = options;
  onProgress('checking the file');
  const { contents, manifest, key } = await verify(file);
  checkMigrations(file, contents, migrations);
  const newKeys = options.withoutSecrets ? null : keysToWrite(contents, key, keyFile);
  const target = await options.openTarget();
  try {
    await requireEmpty(target);
    await migrate(target.connection, migrations, contents.migrations.length);
    if (newKeys) createKeyFile(keyFile, newKeys);
    await loadAll(target.connection, options, contents);
    const report = {
      into: target.name,
      takenAt: contents.takenAt,
      tables: contents.tables.length,
      rows: Object.values(manifest.tables).reduce((all, { rows }) => all + rows, 0),
      migrated: await migrate(target.connection, migrations),
      madeKeyFile: newKeys !== null,
    };
    await options.onRestored?.(target.connection, report);
    return report;
  } finally {
    await target.close();
  }
}

interface Verified {
  readonly contents: Contents;
  readonly manifest: Manifest;
  readonly key: Buffer | null;
}

async function verify(file: string): Promise<Verified> {
  let [contents, manifest, key]: [Contents | null, Manifest | null, Buffer | null] = [null, null, null];
  for await (const piece of readArchive(file)) {
    if (piece.kind === 'contents') contents = piece.contents;
    else if (piece.kind === 'key') key = piece.key;
    else if (piece.kind === 'manifest') manifest = piece.manifest;
  }
  if (!contents || !manifest) throw new ArchiveRefused(file, 'it is not whole');
  return { contents, manifest, key };
}

function checkMigrations(file: string, contents: Contents, directory: string): void {
  const known = readMigrations(directory);
  for (const { number, name, checksum } of contents.migrations) {
    const migration = known[number - 1];
    if (!migration)
      throw new ArchiveRefused(file, `it was taken by a newer version of Tocsin (it has ${name})`);
    if (migration.checksum !== checksum)
      throw new ArchiveRefused(file, `this version of Tocsin has another ${name}`);
  }
}

/** Null when the key file that is there will do. Throws `KeyMissing` when it will not and the backup's cannot replace it. */
function keysToWrite(contents: Contents, key: Buffer | null, keyFile: string): Key[] | null {
  if (!key || readKeyFile(keyFile) !== null) {
    requireKeys(contents.keyIds, keyFile, 'the backup');
    return null;
  }
  return parseKeys(key.toString('utf8'), `${KEY_NAME} in the backup`);
}

async function requireEmpty({ connection, name }: Target): Promise<void> {
  const session = await openSession(connection);
  try {
    const isOurs = (await listMigrations(session)).length > 0;
    const found = isOurs ? await tablesWithRows(session) : await tableNames(session);
    if (found.length > 0)
      throw new WrongPlace(
        `The database of ${name} is not empty: it holds ${isOurs ? 'rows in ' : ''}${found.join(', ')}. ` +
          'A backup is restored into an empty one only. Nothing was changed.',
      );
  } finally {
    await session.close();
  }
}

async function loadAll(
  connection: pg.ClientConfig,
  { file, withoutSecrets, onProgress }: RestoreOptions,
  contents: Contents,
): Promise<void> {
  const loading = await openLoading(connection);
  try {
    for (const table of contents.tables) await loading.makePartitions(table);
    await loadTables(loading, file, contents, onProgress);
    await loading.continueSequences(contents.sequences);
    if (withoutSecrets) await discardSecrets(loading);
    // Whoever held them is not among the servers of this database.
    await endAllLeases(loading);
    await loading.commit();
    await analyze(loading);
  } finally {
    await loading.close();
  }
}

async function loadTables(
  loading: Loading,
  file: string,
  contents: Contents,
  onProgress: (line: string) => void,
): Promise<void> {
  const rows: Record<string, number> = {};
  let name = '';
  let load: TableLoad | null = null;
  for await (const piece of readArchive(file)) {
    const table = piece.kind === 'data' ? piece.table : '';
    if (load && table !== name) {
      rows[name] = await load.end();
      load = null;
    }
    name = table;
    if (piece.kind === 'data') {
      if (!load) onProgress(table);
      load ??= loading.load(tableOf(file, contents, table));
      await load.write(piece.body);
    }
    if (piece.kind === 'contents' && JSON.stringify(piece.contents) !== JSON.stringify(contents))
      throw new ArchiveRefused(file, 'it was changed while it was read');
    if (piece.kind === 'manifest') compareRows(file, piece.manifest, rows);
  }
}

function tableOf(file: string, { tables }: Contents, name: string) {
  const table = tables.find((one) => one.name === name);
  if (!table) throw new ArchiveRefused(file, `its list of contents has no table ${name}`);
  return table;
}

function compareRows(file: string, { tables }: Manifest, loaded: Readonly<Record<string, number>>): void {
  for (const [name, { rows }] of Object.entries(tables)) {
    const found = loaded[name] ?? 0;
    if (found !== rows)
      throw new ArchiveRefused(file, `the table ${name} has ${found} rows instead of ${rows}`);
  }
}
