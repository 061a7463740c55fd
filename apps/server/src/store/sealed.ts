/**
 * What is sealed in the database, and under which keys. Everybody who writes sealed text holds the lock shared; whoever
 * changes keys holds it alone.
 */
import { createKeyFile, currentKeys, KeyFileUnusable, newKey, readKeyFile } from '../lib/key-file.ts';
import { createSealer, keyIdOf, type Sealer } from '../lib/sealer.ts';
import type { Database, Queryable } from './database.ts';

/**
 * Every column of sealed text. A secret's name is its table and its row's `id`; `discard` is what remains to be done when
 * its key is lost.
 */
const SEALED_COLUMNS = [
  { table: 'server_secret', id: 'name', column: 'value', discard: 'delete from server_secret' },
] as const;
type SealedColumn = (typeof SEALED_COLUMNS)[number];

const LOCK = 7_062_269;
/** Always there, so that a key file which does not belong to this database is noticed before anything is sealed with it. */
const CHECK = 'key-check';

/** Secrets were sealed with a key that this server does not have. */
export class KeyMissing extends Error {
  constructor(what: string, keyIds: readonly string[], file: string, found: readonly string[] | null) {
    const has = found ? `holds only ${found.join(', ')}` : 'does not exist';
    super(
      `TOCSIN_KEY_FILE: the secrets in ${what} are sealed with the key ${keyIds.join(', ')}, but ${file} ${has}. ` +
        `Put the key file of ${what} there, or name it; all servers of one database share one key file.`,
    );
    this.name = 'KeyMissing';
  }
}

export function sealedName(table: SealedColumn['table'], id: string): string {
  return `${table}/${id}`;
}

/** Until the end of the transaction no key is changed. */
export async function keepKeys(connection: Queryable): Promise<void> {
  await connection.query('select pg_advisory_xact_lock_shared($1)', [LOCK]);
}

/** Until the end of the transaction nobody seals, starts or changes keys. */
export async function lockKeys(connection: Queryable): Promise<void> {
  await connection.query('select pg_advisory_xact_lock($1)', [LOCK]);
}

/** Throws `UnknownKey` when the keys of this server are no longer those of the database. Needs `keepKeys`. */
export async function checkKeys(connection: Queryable, sealer: Sealer): Promise<void> {
  const [row] = await connection.query<{ value: string }>('select value from server_secret where name = $1', [
    CHECK,
  ]);
  if (row) sealer.open(sealedName('server_secret', CHECK), row.value);
}

/**
 * The sealer of this database. A new database gets a key file when there is none; what is not sealed yet gets sealed.
 * Throws `KeyMissing` or `KeyFileUnusable`. Safe when several servers start together.
 */
export async function openSealer(database: Database, file: string): Promise<Sealer> {
  return database.transaction(async (connection) => {
    await lockKeys(connection);
    const wanted = await keyIdsInUse(connection);
    if (wanted.length === 0 && readKeyFile(file) === null) createOrJoin(file);
    requireKeys(wanted, file);
    const sealer = createSealer(() => currentKeys(file));
    await connection.query('insert into server_secret (name, value) values ($1, $1) on conflict do nothing', [
      CHECK,
    ]);
    await changeAll(connection, (name, text) => (keyIdOf(text) === null ? sealer.seal(name, text) : text));
    return sealer;
  });
}

/** Throws `KeyMissing` unless the file holds all the keys that open the secrets in `what`. */
export function requireKeys(keyIds: readonly string[], file: string, what = 'the database'): void {
  const found = readKeyFile(file)?.map(({ id }) => id) ?? null;
  const missing = keyIds.filter((id) => !found?.includes(id));
  if (missing.length > 0) throw new KeyMissing(what, missing, file, found);
}

/** Servers of different databases may share a key file, and start together. */
function createOrJoin(file: string): void {
  try {
    createKeyFile(file, [newKey()]);
  } catch (error) {
    if (!(error instanceof KeyFileUnusable) || readKeyFile(file) === null) throw error;
  }
}

/** Ids of all keys that sealed something; what is not sealed does not count. */
export async function keyIdsInUse(connection: Queryable): Promise<string[]> {
  const ids = new Set<string>();
  for (const place of SEALED_COLUMNS) {
    for (const { text } of await rowsOf(connection, place)) ids.add(keyIdOf(text) ?? '');
  }
  ids.delete('');
  return [...ids].sort();
}

/** True when something still stands in the clear: the database was last used before secrets were sealed. */
export async function hasUnsealed(connection: Queryable): Promise<boolean> {
  for (const place of SEALED_COLUMNS) {
    if ((await rowsOf(connection, place)).some(({ text }) => keyIdOf(text) === null)) return true;
  }
  return false;
}

/** Seals everything (again) with the current key; returns how many secrets. Needs `lockKeys`. */
export async function resealAll(connection: Queryable, sealer: Sealer): Promise<number> {
  return changeAll(connection, (name, text) =>
    sealer.seal(name, keyIdOf(text) === null ? text : sealer.open(name, text)),
  );
}

/** For a database whose key is lost: its servers make new secrets. */
export async function discardSecrets(connection: Queryable): Promise<void> {
  for (const { discard } of SEALED_COLUMNS) await connection.query(discard);
}

async function changeAll(
  connection: Queryable,
  change: (name: string, text: string) => string,
): Promise<number> {
  let changed = 0;
  for (const place of SEALED_COLUMNS) {
    const { table, id, column } = place;
    for (const row of await rowsOf(connection, place)) {
      const text = change(sealedName(table, row.id), row.text);
      if (text === row.text) continue;
      await connection.query(`update ${table} set ${column} = $2 where ${id} = $1`, [row.id, text]);
      changed++;
    }
  }
  return changed;
}

function rowsOf(
  connection: Queryable,
  { table, id, column }: SealedColumn,
): Promise<{ id: string; text: string }[]> {
  return connection.query(`select ${id} as id, ${column} as text from ${table} order by ${id}`);
}
