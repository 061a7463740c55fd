/**
 * A backup is one gzipped tar file that any `tar` unpacks: `contents.json` first, the key file when asked for, each table
 * in parts of COPY's text format, and last `manifest.json`, without which nothing of it counts.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Raised when an older program would misread what a newer one writes. */
export const FORMAT = 1;

export const CONTENTS_NAME = 'contents.json';
export const KEY_NAME = 'secret.key';
export const MANIFEST_NAME = 'manifest.json';

export const dataName = (table: string, part: number) => `tables/${table}/${String(part).padStart(6, '0')}`;
const DATA_NAME = /^tables\/([^/]+)\/\d{6,}$/;
export const tableOfData = (name: string) => DATA_NAME.exec(name)?.[1] ?? null;

const TABLE = z.object({
  name: z.string(),
  columns: z.array(z.string()),
  partitions: z.array(z.object({ name: z.string(), bounds: z.string() })),
});

/** What is known before the first row is read. */
export const CONTENTS = z.object({
  format: z.literal(FORMAT),
  takenAt: z.iso.datetime(),
  migrations: z.array(z.object({ number: z.number(), name: z.string(), checksum: z.string() })),
  /** Keys that open the secrets in it. */
  keyIds: z.array(z.string()),
  tables: z.array(TABLE),
  sequences: z.array(z.object({ name: z.string(), last: z.number() })),
});
export type Contents = z.infer<typeof CONTENTS>;

const SUM = z.object({ rows: z.number(), bytes: z.number(), sha256: z.string() });
export type TableSum = z.infer<typeof SUM>;

/** What was written: the last thing in the file. */
export const MANIFEST = z.object({
  format: z.literal(FORMAT),
  contentsSha256: z.string(),
  keySha256: z.string().nullable(),
  migrations: z.array(z.string()),
  tables: z.record(z.string(), SUM),
});
export type Manifest = z.infer<typeof MANIFEST>;

export const sha256 = (body: Buffer) => createHash('sha256').update(body).digest('hex');

/** The file cannot be restored; nothing was. */
export class ArchiveRefused extends Error {
  constructor(file: string, why: string) {
    super(`${file} cannot be restored: ${why}. Nothing was changed.`);
    this.name = 'ArchiveRefused';
  }
}
