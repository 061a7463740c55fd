/** Backs up, restores and changes keys: what `tocsin` runs for them, beside a server or without one. Wired here, like main.ts. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { KeyFileUnusable } from './lib/key-file.ts';
import { type BackupReport, backUp } from './maintenance/backup.ts';
import { createProgress } from './maintenance/progress.ts';
import { record, recordIn } from './maintenance/record.ts';
import { type RestoreReport, restore } from './maintenance/restore.ts';
import { type Rotation, rotateKey } from './maintenance/rotate-key.ts';
import { openExisting, openForRestore, type Place } from './maintenance/target.ts';
import { openDatabase } from './store/database.ts';
import { KeyMissing } from './store/sealed.ts';

/** EX_USAGE and EX_CONFIG of sysexits.h. */
const [EXIT_USAGE, EXIT_CONFIG] = [64, 78];
const MIGRATIONS = fileURLToPath(new URL('../../sql', import.meta.url));

interface Order {
  readonly command: string;
  readonly file: string | undefined;
  readonly withKey: boolean;
  readonly withoutSecrets: boolean;
  readonly json: boolean;
}

class UsageError extends Error {}

function readOrder(args: readonly string[]): Order {
  const flag = { type: 'boolean', default: false } as const;
  const options = { 'with-key': flag, 'without-secrets': flag, json: flag };
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [command = '', file] = positionals;
  const { 'with-key': withKey, 'without-secrets': withoutSecrets, json } = values;
  return { command, file, withKey, withoutSecrets, json };
}

const placeOf = ({ DATABASE_URL, dataDir }: Config): Place => ({ databaseUrl: DATABASE_URL, dataDir });

async function runBackup(order: Order, config: Config): Promise<BackupReport> {
  const now = Date.now();
  const stamp = new Date(now).toISOString().slice(0, 19).replaceAll(':', '');
  const file = resolve(order.file ?? `tocsin-${stamp}Z.tar.gz`);
  const progress = createProgress(process.stderr);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const { keyFile } = config;
  const { withKey } = order;
  const target = await openExisting(placeOf(config), progress.say);
  try {
    const { signal } = stopping;
    const { connection } = target;
    const report = await backUp({
      connection,
      file,
      keyFile,
      withKey,
      now,
      signal,
      onProgress: progress.show,
    });
    const { rows, bytes, hasKey } = report;
    await record(connection, 'backup.take', { file, rows, bytes, hasKey });
    return report;
  } finally {
    progress.end();
    await target.close();
  }
}

async function runRestore({ file, withoutSecrets }: Order, config: Config): Promise<RestoreReport> {
  if (file === undefined) throw new UsageError('restore: name the backup file');
  const progress = createProgress(process.stderr);
  try {
    return await restore({
      file: resolve(file),
      keyFile: config.keyFile,
      withoutSecrets,
      migrations: MIGRATIONS,
      openTarget: () => openForRestore(placeOf(config)),
      onProgress: progress.show,
      onRestored: (connection, { takenAt, rows }) =>
        record(connection, 'backup.restore', { file, takenAt, rows }),
    });
  } finally {
    progress.end();
  }
}

async function runRotation(config: Config): Promise<Rotation> {
  const progress = createProgress(process.stderr);
  const target = await openExisting(placeOf(config), progress.say);
  const database = openDatabase(target.connection, () => undefined, 1);
  try {
    const report = await rotateKey(database, config.keyFile, progress.show);
    await recordIn(database, 'key-file.rotate', report);
    return report;
  } finally {
    progress.end();
    await database.close();
    await target.close();
  }
}

function describeBackup({ file, bytes, tables, rows, keyIds, hasKey }: BackupReport): string {
  const key = hasKey
    ? 'The key file is in it: whoever has this file has all secrets. Keep it like the key itself.'
    : `Its secrets are sealed, and the key file is not in it. Without the key ${keyIds.join(', ')} it cannot be restored: keep a copy of the key file elsewhere.`;
  return `${file}\n${rows} rows of ${tables} tables, ${(bytes / 1_000_000).toFixed(1)} MB. ${key}`;
}

function describeRestore({ into, takenAt, tables, rows, migrated, madeKeyFile }: RestoreReport): string {
  return [
    `${rows} rows of ${tables} tables, as of ${takenAt}, are in the database of ${into}.`,
    ...(migrated.length > 0 ? [`Migrated to this version: ${migrated.join(', ')}.`] : []),
    ...(madeKeyFile ? ['The key file of the backup was put in place.'] : []),
    'Start the server.',
  ].join('\n');
}

function describeRotation({ keyId, removedKeyIds, secrets }: Rotation): string {
  return `${secrets} secrets are sealed with the new key ${keyId}. Removed from the key file: ${removedKeyIds.join(', ')}; backups taken before need the key file of that time.`;
}

async function main(): Promise<void> {
  const order = readOrder(process.argv.slice(2));
  const tell = <Report>(report: Report, describe: (report: Report) => string) =>
    process.stdout.write(`${order.json ? JSON.stringify(report) : describe(report)}\n`);
  const config = loadConfig([]);
  if (order.command === 'backup') tell(await runBackup(order, config), describeBackup);
  else if (order.command === 'restore') tell(await runRestore(order, config), describeRestore);
  else if (order.command === 'rotate-key') tell(await runRotation(config), describeRotation);
  else throw new UsageError(`there is no command ${JSON.stringify(order.command)}`);
}

function exitCodeOf(error: Error & { code?: string }): number {
  if (error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS')) return EXIT_USAGE;
  const isConfiguration = [ConfigError, KeyMissing, KeyFileUnusable].some((kind) => error instanceof kind);
  return isConfiguration ? EXIT_CONFIG : 1;
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = exitCodeOf(error);
});
