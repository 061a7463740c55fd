/** As much of the tar format (POSIX.1-1988, "ustar") as plain files with short names need: any `tar` reads it. */

export interface TarMember {
  readonly name: string;
  readonly body: Buffer;
}

/** The stream is not what `tarMember` wrote, or ends too early. */
export class TarBroken extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'TarBroken';
  }
}

const BLOCK_BYTES = 512;
const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
/** Bodies are read as a whole; larger ones are not ours. */
const LARGEST_BODY_BYTES = 64 * 1024 * 1024;

/** Two blocks of zeros end an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK_BYTES);

/** The bytes of one file; `modifiedAt` in ms since the epoch. */
export function tarMember({ name, body }: TarMember, modifiedAt: number): Buffer[] {
  const header = Buffer.alloc(BLOCK_BYTES);
  if (Buffer.byteLength(name) >= 100) throw new RangeError(`${name} is too long for a name in a tar file`);
  header.write(name, 0);
  // mode, owner and group
  header.write('0000600\0' + '0000000\0' + '0000000\0', 100);
  header.write(`${octal(body.length)}\0${octal(Math.floor(modifiedAt / 1_000))}\0`, 124);
  // A plain file, of the format "ustar", version 00.
  header.write('0', 156);
  header.write('ustar\0' + '00', 257);
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, CHECKSUM_AT);
  return [header, body, Buffer.alloc(paddingOf(body.length))];
}

const octal = (value: number) => value.toString(8).padStart(11, '0');
const paddingOf = (length: number) => (BLOCK_BYTES - (length % BLOCK_BYTES)) % BLOCK_BYTES;

/** The sum of all bytes, with blanks in place of the sum itself. */
function checksum(header: Buffer): number {
  let sum = CHECKSUM_BYTES * 0x20;
  for (let at = 0; at < BLOCK_BYTES; at++) {
    if (at < CHECKSUM_AT || at >= CHECKSUM_AT + CHECKSUM_BYTES) sum += header[at] ?? 0;
  }
  return sum;
}

/** The files of an archive in order, up to the end of `source`. Throws `TarBroken` when it is cut off, altered or no tar file. */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarMember> {
  const bytes = new ByteReader(source);
  try {
    for (;;) {
      const header = await bytes.take(BLOCK_BYTES);
      if (isZero(header)) break;
      const body = await bytes.take(sizeIn(header));
      if (!isZero(await bytes.take(paddingOf(body.length)))) throw new TarBroken('it was altered');
      yield { name: header.toString('utf8', 0, header.indexOf(0)), body };
    }
    if (!isZero(await bytes.take(BLOCK_BYTES))) throw new TarBroken('it was altered');
    // Asked for its end, the compression around it compares its own sum.
    if (!(await bytes.isAtEnd())) throw new TarBroken('something follows its end');
  } finally {
    await bytes.close();
  }
}

function sizeIn(header: Buffer): number {
  const number = (at: number, length: number) =>
    Number.parseInt(header.toString('latin1', at, at + length), 8);
  if (number(CHECKSUM_AT, 6) !== checksum(header)) throw new TarBroken('it is not a tar file');
  const size = number(124, 11);
  if (!(size <= LARGEST_BODY_BYTES)) throw new TarBroken('a file in it is too large');
  return size;
}

const isZero = (bytes: Buffer) => bytes.every((byte) => byte === 0);

/** Exactly so many bytes of a stream at a time. */
class ByteReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.chunks = source[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    const parts = [this.rest];
    let have = this.rest.length;
    while (have < length) {
      const { value, done } = await this.chunks.next();
      if (done) throw new TarBroken('it ends too early');
      parts.push(value);
      have += value.length;
    }
    const all = parts.length === 1 ? this.rest : Buffer.concat(parts);
    this.rest = all.subarray(length);
    return all.subarray(0, length);
  }

  async isAtEnd(): Promise<boolean> {
    return this.rest.length === 0 && (await this.chunks.next()).done === true;
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
  }
}
