/** What tables there are, read from the catalogue: a table that a later migration adds is backed up without being named. */
import type { Queryable } from './database.ts';

export interface Partition {
  readonly name: string;
  /** As PostgreSQL writes them: `FOR VALUES FROM (…) TO (…)`. */
  readonly bounds: string;
}

export interface Table {
  readonly name: string;
  /** Without those that PostgreSQL computes. */
  readonly columns: readonly string[];
  readonly partitions: readonly Partition[];
}

/** The number a sequence gave last. */
export interface Sequence {
  readonly name: string;
  readonly last: number;
}

export interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

/** Written by the migrator alone, also in a restored database. */
const MIGRATIONS = 'schema_migration';

/** `relkind` r and p are tables; partitions belong to theirs. */
const NAMES = `
select c.relname as name from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> $1
order by c.relname`;

const COLUMNS = `
select c.relname as table, a.attname as name from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace = 'public'::regnamespace and c.relname = any($1) and a.attnum > 0 and not a.attisdropped
  and a.attgenerated = '' order by a.attnum`;

const PARTITIONS = `
select parent.relname as table, part.relname as name, pg_get_expr(part.relpartbound, part.oid) as bounds
from pg_inherits i join pg_class parent on parent.oid = i.inhparent join pg_class part on part.oid = i.inhrelid
where parent.relnamespace = 'public'::regnamespace and parent.relname = any($1) order by part.relname`;

const REFERENCES = `
select own.relname as table, other.relname as refers_to
from pg_constraint k join pg_class own on own.oid = k.conrelid join pg_class other on other.oid = k.confrelid
where k.contype = 'f' and own.relnamespace = 'public'::regnamespace and k.conrelid <> k.confrelid`;

export async function tableNames(connection: Queryable): Promise<string[]> {
  const rows = await connection.query<{ name: string }>(NAMES, [MIGRATIONS]);
  return rows.map(({ name }) => name);
}

/** Every table but the migrator's, those that others refer to before those others. */
export async function listTables(connection: Queryable): Promise<Table[]> {
  const names = await tableNames(connection);
  const columns = await connection.query<{ table: string; name: string }>(COLUMNS, [names]);
  const partitions = await connection.query<Partition & { table: string }>(PARTITIONS, [names]);
  const references = await connection.query<{ table: string; refers_to: string }>(REFERENCES);
  const refersTo = (table: string) =>
    references.filter((row) => row.table === table).map((row) => row.refers_to);
  return referredFirst(names, refersTo).map((table) => ({
    name: table,
    columns: columns.filter((row) => row.table === table).map(({ name }) => name),
    partitions: partitions.filter((row) => row.table === table).map(({ name, bounds }) => ({ name, bounds })),
  }));
}

/** Throws when tables refer to each other in a circle: no order of loading would satisfy them. */
function referredFirst(names: readonly string[], refersTo: (name: string) => string[]): string[] {
  const ordered: string[] = [];
  const visit = (name: string, path: readonly string[]) => {
    if (ordered.includes(name)) return;
    if (path.includes(name)) throw new Error(`the tables ${path.join(', ')} refer to each other in a circle`);
    for (const other of refersTo(name)) visit(other, [...path, name]);
    ordered.push(name);
  };
  for (const name of names) visit(name, []);
  return ordered;
}

/** Those that have given a number. */
export function listSequences(connection: Queryable): Promise<Sequence[]> {
  return connection.query<Sequence>(
    `select sequencename as name, last_value as last from pg_sequences
     where schemaname = 'public' and last_value is not null order by sequencename`,
  );
}

/** In order; none when no server has used this database yet. */
export async function listMigrations(connection: Queryable): Promise<AppliedMigration[]> {
  const [found] = await connection.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    `public.${MIGRATIONS}`,
  ]);
  if (!found?.there) return [];
  return connection.query<AppliedMigration>(
    `select number, name, checksum from ${MIGRATIONS} order by number`,
  );
}

/** Tells PostgreSQL what is in tables that were just filled; it would find out by itself minutes later. */
export async function analyze(connection: Queryable): Promise<void> {
  await connection.query('analyze');
}
