/** What the server must keep to itself: the keys it makes at first start, Apple's current token. Sealed in the database. */
import type { Sealer } from '../lib/sealer.ts';
import type { Database, Queryable } from './database.ts';
import { checkKeys, keepKeys, sealedName } from './sealed.ts';

export interface Secrets {
  /** The secret of that name, storing `make()` when there is none. Safe when several servers start together. */
  ensure(name: string, make: () => string): Promise<string>;
  read(name: string): Promise<string | null>;
  /** Throws `UnknownKey` when the keys were changed elsewhere: nothing is stored that the others cannot open. */
  write(name: string, value: string): Promise<void>;
  /** As `write`, in the caller's transaction. */
  writeIn(connection: Queryable, name: string, value: string): Promise<void>;
  /** In the caller's transaction; false when there was none. */
  removeIn(connection: Queryable, name: string): Promise<boolean>;
}

export function createSecrets(database: Database, sealer: Sealer): Secrets {
  const open = (name: string, sealed: string) => sealer.open(sealedName('server_secret', name), sealed);
  const seal = (name: string, text: string) => sealer.seal(sealedName('server_secret', name), text);
  const writeIn = async (connection: Queryable, name: string, value: string) => {
    await keepKeys(connection);
    await checkKeys(connection, sealer);
    await connection.query(
      `insert into server_secret (name, value) values ($1, $2)
       on conflict (name) do update set value = excluded.value, created_at = now()`,
      [name, seal(name, value)],
    );
  };
  return {
    async ensure(name, make) {
      const sealed = await database.transaction(async (connection) => {
        await keepKeys(connection);
        await checkKeys(connection, sealer);
        await connection.query(
          'insert into server_secret (name, value) values ($1, $2) on conflict do nothing',
          [name, seal(name, make())],
        );
        return readSealed(connection, name);
      });
      if (sealed === null) throw new Error(`the secret ${name} vanished`);
      return open(name, sealed);
    },
    async read(name) {
      const sealed = await readSealed(database, name);
      return sealed === null ? null : open(name, sealed);
    },
    write: (name, value) => database.transaction((connection) => writeIn(connection, name, value)),
    writeIn,
    async removeIn(connection, name) {
      const gone = await connection.query('delete from server_secret where name = $1 returning 1', [name]);
      return gone.length > 0;
    },
  };
}

async function readSealed(connection: Queryable, name: string): Promise<string | null> {
  const [row] = await connection.query<{ value: string }>('select value from server_secret where name = $1', [
    name,
  ]);
  return row?.value ?? null;
}
