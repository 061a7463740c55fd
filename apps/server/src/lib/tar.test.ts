import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTar, TAR_END, type TarMember, tarMember } from './tar.ts';

const MEMBERS: TarMember[] = [
  { name: 'empty', body: Buffer.alloc(0) },
  { name: 'tables/a/000001', body: Buffer.from('one block exactly'.repeat(64).slice(0, 512)) },
  { name: 'tables/a/000002', body: Buffer.alloc(10_000, 7) },
];
const archive = (members = MEMBERS) =>
  Buffer.concat([...members.flatMap((member) => tarMember(member, 1_764_000_000_000)), TAR_END]);

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function read(bytes: Buffer, size = 1_000): Promise<TarMember[]> {
  const found: TarMember[] = [];
  for await (const member of readTar(inPieces(bytes, size))) found.push(member);
  return found;
}

describe('a tar file', () => {
  it.each([1, 511, 4_096, 1_000_000])('is read as it was written, in pieces of %i bytes', async (size) => {
    expect(await read(archive(), size)).toEqual(MEMBERS);
  });

  it('is unpacked by tar itself', () => {
    const directory = mkdtempSync(join(tmpdir(), 'tocsin-tar-'));
    try {
      writeFileSync(join(directory, 'a.tar'), archive());
      execFileSync('tar', ['xf', 'a.tar'], { cwd: directory });
      for (const { name, body } of MEMBERS) expect(readFileSync(join(directory, name))).toEqual(body);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, 900), 'it ends too early'],
    ['without its end', (bytes: Buffer) => bytes.subarray(0, -600), 'it ends too early'],
    [
      'with something after its end',
      (bytes: Buffer) => Buffer.concat([bytes, bytes]),
      'something follows its end',
    ],
    ['something else', () => Buffer.alloc(2_000, 'x'), 'it is not a tar file'],
    ['with another name', (bytes: Buffer) => bytes.fill('x', 0, 1), 'it is not a tar file'],
  ])('is refused when it is %s', async (_how, damage, why) => {
    await expect(read(damage(archive()))).rejects.toThrow(why);
  });
});
