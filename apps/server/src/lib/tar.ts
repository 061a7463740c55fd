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

/** The files of an archive in order. Throws `TarBroken` when it is cut off or is no tar file. */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarMember> {
  const take = takeFrom(source);
  for (;;) {
    const header = await take(BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) break;
    const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
    if (Number.parseInt(header.toString('latin1', CHECKSUM_AT, CHECKSUM_AT + 6), 8) !== checksum(header))
      throw new TarBroken('it is not a tar file');
    if (!(size <= LARGEST_BODY_BYTES)) throw new TarBroken('a file in it is too large');
    const body = await take(size);
    await take(paddingOf(size));
    yield { name: header.toString('utf8', 0, header.indexOf(0)), body };
  }
  await take(BLOCK_BYTES);
}

/** A function that returns exactly so many bytes. */
function takeFrom(source: AsyncIterable<Buffer>): (length: number) => Promise<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return async (length) => {
    const parts = [rest];
    let have = rest.length;
    while (have < length) {
      const { value, done } = await chunks.next();
      if (done) throw new TarBroken('it ends too early');
      parts.push(value);
      have += value.length;
    }
    const all = parts.length === 1 ? rest : Buffer.concat(parts);
    rest = all.subarray(length);
    return all.subarray(0, length);
  };
}
