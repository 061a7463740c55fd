/** Keys the server makes for itself at first start. */
import type { Queryable } from './database.ts';

/** Returns the secret of that name, storing `make()` when there is none. Safe when several servers start together. */
export async function ensureSecret(connection: Queryable, name: string, make: () => string): Promise<string> {
  await connection.query('insert into server_secret (name, value) values ($1, $2) on conflict do nothing', [
    name,
    make(),
  ]);
  const [row] = await connection.query<{ value: string }>('select value from server_secret where name = $1', [
    name,
  ]);
  if (!row) throw new Error(`the secret ${name} vanished`);
  return row.value;
}

export async function readSecret(connection: Queryable, name: string): Promise<string | null> {
  const [row] = await connection.query<{ value: string }>('select value from server_secret where name = $1', [
    name,
  ]);
  return row?.value ?? null;
}

export async function writeSecret(connection: Queryable, name: string, value: string): Promise<void> {
  await connection.query(
    `insert into server_secret (name, value) values ($1, $2)
     on conflict (name) do update set value = excluded.value, created_at = now()`,
    [name, value],
  );
}
