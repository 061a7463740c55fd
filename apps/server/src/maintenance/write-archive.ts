/** Writes a snapshot into a backup file; memory does not grow with the tables. */
import { createHash } from 'node:crypto';
import { TAR_END, tarMember } from '../lib/tar.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type { Table } from '../store/table.ts';
import {
  CONTENTS_NAME,
  type Contents,
  dataName,
  FORMAT,
  KEY_NAME,
  MANIFEST_NAME,
  type Manifest,
  sha256,
  type TableSum,
} from './archive.ts';

export interface ArchiveSource {
  readonly snapshot: Snapshot;
  /** The key file, when it is to go along. */
  readonly key: Buffer | null;
  /** ms since the epoch. */
  readonly takenAt: number;
  readonly onTable: (name: string, bytes: number) => void;
  readonly onManifest: (manifest: Manifest) => void;
}

const PART_BYTES = 1024 * 1024;

/** The bytes of the tar file. */
export async function* archiveBytes(source: ArchiveSource): AsyncGenerator<Buffer> {
  const { snapshot, key, takenAt } = source;
  const contents = Buffer.from(json(contentsOf(source)));
  yield* tarMember({ name: CONTENTS_NAME, body: contents }, takenAt);
  if (key) yield* tarMember({ name: KEY_NAME, body: key }, takenAt);
  const tables: Record<string, TableSum> = {};
  for (const table of snapshot.tables) tables[table.name] = yield* tableBytes(source, table);
  const manifest: Manifest = {
    format: FORMAT,
    contentsSha256: sha256(contents),
    keySha256: key && sha256(key),
    migrations: snapshot.migrations.map(({ name }) => name),
    tables,
  };
  yield* tarMember({ name: MANIFEST_NAME, body: Buffer.from(json(manifest)) }, takenAt);
  yield TAR_END;
  source.onManifest(manifest);
}

function contentsOf({ snapshot, takenAt }: ArchiveSource): Contents {
  const { migrations, keyIds, tables, sequences } = snapshot;
  return {
    format: FORMAT,
    takenAt: new Date(takenAt).toISOString(),
    migrations: [...migrations],
    keyIds: [...keyIds],
    tables: tables.map(({ name, columns, partitions }) => ({
      name,
      columns: [...columns],
      partitions: [...partitions],
    })),
    sequences: [...sequences],
  };
}

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

async function* tableBytes(
  { snapshot, takenAt, onTable }: ArchiveSource,
  table: Table,
): AsyncGenerator<Buffer, TableSum> {
  const hash = createHash('sha256');
  const rows = snapshot.copyOut(table);
  let [bytes, part] = [0, 0];
  for await (const body of inParts(rows)) {
    hash.update(body);
    bytes += body.length;
    yield* tarMember({ name: dataName(table.name, ++part), body }, takenAt);
    onTable(table.name, bytes);
  }
  return { rows: rows.rowCount, bytes, sha256: hash.digest('hex') };
}

async function* inParts(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    chunks.push(chunk);
    size += chunk.length;
    if (size < PART_BYTES) continue;
    yield Buffer.concat(chunks);
    [chunks, size] = [[], 0];
  }
  if (size > 0) yield Buffer.concat(chunks);
}
