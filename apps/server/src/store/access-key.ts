/** Keys of services and of persons; only their hashes are kept. */
import type { Queryable } from './database.ts';

export type Scope = 'publish' | 'signal' | 'read' | 'admin';

export interface KeyRecord {
  readonly id: number;
  readonly serviceId: string | null;
  readonly userId: number | null;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  /** Null: not limited. */
  readonly serviceIds: readonly string[] | null;
  readonly monitorIds: readonly number[] | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly replacedBy: number | null;
  readonly lastUsedAt: Date | null;
  readonly lastAddress: string;
}

const COLUMNS = `k.id, k.service_id as "serviceId", k.user_id as "userId", k.name, k.prefix, k.scopes, k.service_ids::text[] as "serviceIds",
  k.monitor_ids::float8[] as "monitorIds", k.created_at as "createdAt", k.expires_at as "expiresAt", k.replaced_by as "replacedBy",
  k.last_used_at as "lastUsedAt", k.last_address as "lastAddress"`;

export interface NewKey {
  readonly owner: KeyOwner;
  readonly name: string;
  readonly prefix: string;
  readonly hash: Buffer;
  readonly scopes: readonly Scope[];
  readonly serviceIds: readonly string[] | null;
  readonly monitorIds: readonly number[] | null;
  readonly createdAt: Date;
  readonly createdBy: number | null;
  readonly expiresAt: Date | null;
}

/** Whose key it is. */
export type KeyOwner = { readonly serviceId: string } | { readonly userId: number };

const ownerOf = (owner: KeyOwner) =>
  'serviceId' in owner ? ([owner.serviceId, null] as const) : ([null, owner.userId] as const);

export async function insertKey(connection: Queryable, key: NewKey): Promise<KeyRecord> {
  const [row] = await connection.query<KeyRecord>(
    `insert into access_key as k (service_id, user_id, name, prefix, hash, scopes, service_ids, monitor_ids, created_at, created_by, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning ${COLUMNS}`,
    [
      ...ownerOf(key.owner),
      key.name,
      key.prefix,
      key.hash,
      key.scopes,
      key.serviceIds,
      key.monitorIds,
      key.createdAt,
      key.createdBy,
      key.expiresAt,
    ],
  );
  if (!row) throw new Error('the key was not stored');
  return row;
}

const OWNED = '(k.service_id = $1::uuid or k.user_id = $2::bigint)';

export function listKeys(connection: Queryable, owner: KeyOwner): Promise<KeyRecord[]> {
  return connection.query<KeyRecord>(
    `select ${COLUMNS} from access_key k where ${OWNED} order by k.id`,
    ownerOf(owner),
  );
}

export async function findKey(connection: Queryable, owner: KeyOwner, id: number): Promise<KeyRecord | null> {
  const [row] = await connection.query<KeyRecord>(
    `select ${COLUMNS} from access_key k where ${OWNED} and k.id = $3 for update`,
    [...ownerOf(owner), id],
  );
  return row ?? null;
}

export async function deleteKey(
  connection: Queryable,
  owner: KeyOwner,
  id: number,
): Promise<KeyRecord | null> {
  const [row] = await connection.query<KeyRecord>(
    `delete from access_key k where ${OWNED} and k.id = $3 returning ${COLUMNS}`,
    [...ownerOf(owner), id],
  );
  return row ?? null;
}

/** All keys of a person; their beginnings. */
export async function deleteKeysOf(connection: Queryable, userId: number): Promise<string[]> {
  const rows = await connection.query<{ prefix: string }>(
    'delete from access_key where user_id = $1 returning prefix',
    [userId],
  );
  return rows.map(({ prefix }) => prefix);
}

/** Ends the key at `at` unless it ends before, and names what takes its place. */
export async function replaceKey(
  connection: Queryable,
  id: number,
  successor: number,
  at: Date,
): Promise<void> {
  await connection.query(
    'update access_key set expires_at = least(expires_at, $3), replaced_by = $2 where id = $1',
    [id, successor, at],
  );
}

export interface KeyWithUser extends KeyRecord {
  readonly hash: Buffer;
  readonly username: string | null;
  readonly isActive: boolean | null;
  readonly isAdmin: boolean | null;
  readonly isAuditor: boolean | null;
}

/** The keys that have these hashes, each with its person. */
export function findKeysByHash(connection: Queryable, hashes: readonly Buffer[]): Promise<KeyWithUser[]> {
  return connection.query<KeyWithUser>(
    `select ${COLUMNS}, k.hash, u.username, u.is_active as "isActive", u.is_admin as "isAdmin", u.is_auditor as "isAuditor"
     from access_key k left join user_account u on u.id = k.user_id where k.hash = any($1::bytea[])`,
    [hashes],
    'keys-by-hash',
  );
}
