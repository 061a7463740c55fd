/** Reads a backup file and checks it on the way: whoever has seen the end has seen exactly what was written. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { readTar, TarBroken } from '../lib/tar.ts';
import {
  ArchiveRefused,
  CONTENTS,
  CONTENTS_NAME,
  type Contents,
  KEY_NAME,
  MANIFEST,
  MANIFEST_NAME,
  type Manifest,
  sha256,
  tableOfData,
} from './archive.ts';

export type Piece =
  | { readonly kind: 'contents'; readonly contents: Contents }
  | { readonly kind: 'key'; readonly key: Buffer }
  /** A part of a table's rows; the parts of a table follow each other. */
  | { readonly kind: 'data'; readonly table: string; readonly body: Buffer }
  /** The last one: everything before it was whole. */
  | { readonly kind: 'manifest'; readonly manifest: Manifest };

/** Throws `ArchiveRefused` where it is cut off or altered, at the latest before the manifest. */
export async function* readArchive(file: string): AsyncGenerator<Piece> {
  const check = new ArchiveCheck(file);
  try {
    for await (const { name, body } of readTar(unzipped(file))) yield check.pieceOf(name, body);
  } catch (error) {
    throw asRefusal(file, error as Error & { code?: string });
  }
  check.end();
}

function unzipped(file: string): AsyncIterable<Buffer> {
  const unzip = createGunzip();
  // Whoever reads the unzipped bytes gets the error.
  pipeline(createReadStream(file), unzip, () => undefined);
  return unzip;
}

/** zlib names what is wrong with a file by codes that begin with Z_. */
function asRefusal(file: string, error: Error & { code?: string }): Error {
  if (error instanceof TarBroken) return new ArchiveRefused(file, error.message);
  if (error.code?.startsWith('Z_'))
    return new ArchiveRefused(file, `it is cut off or altered (${error.message})`);
  if (error.code === 'ENOENT') return new ArchiveRefused(file, 'there is no such file');
  return error;
}

/** Adds up what passes by and compares it with the manifest. */
class ArchiveCheck {
  private readonly file: string;
  private readonly sums = new Map<string, { hash: Hash; bytes: number }>();
  private contents: { readonly sha256: string; readonly tables: readonly string[] } | null = null;
  private keySha256: string | null = null;
  private isComplete = false;

  constructor(file: string) {
    this.file = file;
  }

  pieceOf(name: string, body: Buffer): Piece {
    const table = tableOfData(name);
    if (this.isComplete) throw this.refusal(`${name} stands after the end`);
    if (name === CONTENTS_NAME && !this.contents) return this.takeContents(body);
    if (!this.contents) throw this.refusal('it is not a backup of Tocsin');
    if (table !== null) return this.takeData(table, body);
    if (name === KEY_NAME) {
      this.keySha256 = sha256(body);
      return { kind: 'key', key: body };
    }
    if (name === MANIFEST_NAME) return this.takeManifest(body);
    throw this.refusal(`${name} is no part of a backup`);
  }

  end(): void {
    if (!this.isComplete) throw this.refusal('it has no manifest: it is not whole');
  }

  private takeContents(body: Buffer): Piece {
    const parsed = CONTENTS.safeParse(this.parse(body));
    if (!parsed.success) throw this.refusal('its list of contents is of another version of Tocsin');
    this.contents = { sha256: sha256(body), tables: parsed.data.tables.map(({ name }) => name) };
    return { kind: 'contents', contents: parsed.data };
  }

  private takeData(table: string, body: Buffer): Piece {
    const sum = this.sums.get(table) ?? { hash: createHash('sha256'), bytes: 0 };
    sum.hash.update(body);
    sum.bytes += body.length;
    this.sums.set(table, sum);
    return { kind: 'data', table, body };
  }

  private takeManifest(body: Buffer): Piece {
    const { data: manifest } = MANIFEST.safeParse(this.parse(body));
    if (!manifest) throw this.refusal('its manifest cannot be read');
    if (manifest.contentsSha256 !== this.contents?.sha256)
      throw this.refusal('its list of contents was altered');
    if (manifest.keySha256 !== this.keySha256) throw this.refusal('its key file was altered');
    const listed = [...(this.contents?.tables ?? [])].sort();
    if (listed.join() !== Object.keys(manifest.tables).sort().join())
      throw this.refusal('its tables were altered');
    for (const [name, { bytes, sha256: wanted }] of Object.entries(manifest.tables)) {
      const found = this.sums.get(name) ?? { hash: createHash('sha256'), bytes: 0 };
      if (found.bytes !== bytes || found.hash.digest('hex') !== wanted)
        throw this.refusal(`the table ${name} was altered`);
    }
    this.isComplete = true;
    return { kind: 'manifest', manifest };
  }

  private parse(body: Buffer): unknown {
    try {
      return JSON.parse(body.toString('utf8'));
    } catch {
      return null;
    }
  }

  private refusal(why: string): ArchiveRefused {
    return new ArchiveRefused(this.file, why);
  }
}
