/** Idempotency keys: the first request with a key reserves its notification's id; repeats are shown that one. */
import type { Queryable } from './database.ts';

export interface KeyClaim {
  readonly scope: string;
  readonly key: string;
  readonly hash: Buffer;
  readonly createdAt: Date;
}

export interface KeptKey {
  readonly scope: string;
  readonly key: string;
  readonly hash: Buffer;
  readonly id: number;
  readonly uuid: string;
  readonly createdAt: Date;
}

/** Reserves the keys nobody had before; returns the reserved notification id by `scope` + NUL + `key`. */
export async function claimKeys(
  connection: Queryable,
  claims: readonly KeyClaim[],
): Promise<Map<string, number>> {
  const rows = await connection.query<{ scope: string; key: string; notification_id: number }>(
    `insert into idempotency (scope, key, request_hash, notification_id, notification_created_at)
     select t.scope, t.key, t.hash, nextval('notification_id_seq'), t.created_at
     from unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[]) as t (scope, key, hash, created_at)
     order by t.scope, t.key
     on conflict do nothing returning scope, key, notification_id`,
    [
      claims.map((c) => c.scope),
      claims.map((c) => c.key),
      claims.map((c) => c.hash),
      claims.map((c) => c.createdAt),
    ],
  );
  return new Map(rows.map((row) => [keyName(row), row.notification_id]));
}

export async function findKeys(
  connection: Queryable,
  keys: readonly { scope: string; key: string }[],
): Promise<Map<string, KeptKey>> {
  const rows = await connection.query<KeptKey>(
    `select i.scope, i.key, i.request_hash as hash, n.id, n.uuid, n.created_at as "createdAt"
     from unnest($1::text[], $2::text[]) as t (scope, key)
     join idempotency i on i.scope = t.scope and i.key = t.key
     join notification n on n.id = i.notification_id and n.created_at = i.notification_created_at`,
    [keys.map((k) => k.scope), keys.map((k) => k.key)],
  );
  return new Map(rows.map((row) => [keyName(row), row]));
}

/** Gives back keys whose notification was not stored after all (unknown service). */
export async function releaseKeys(
  connection: Queryable,
  keys: readonly { scope: string; key: string }[],
): Promise<void> {
  await connection.query(
    `delete from idempotency i using unnest($1::text[], $2::text[]) as t (scope, key) where i.scope = t.scope and i.key = t.key`,
    [keys.map((k) => k.scope), keys.map((k) => k.key)],
  );
}

export async function deleteKeysBefore(connection: Queryable, before: Date): Promise<void> {
  await connection.query('delete from idempotency where notification_created_at < $1', [before]);
}

export function keyName(key: { scope: string; key: string }): string {
  return `${key.scope}\0${key.key}`;
}
