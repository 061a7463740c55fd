import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createKeyFile,
  isOpenToOthers,
  KeyFileUnusable,
  newKey,
  readKeyFile,
  replaceKeyFile,
} from './key-file.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-key-'));
  file = join(directory, 'inner', 'secret.key');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const idsIn = (path: string) => readKeyFile(path)?.map(({ id }) => id);

describe('the key file', () => {
  it('is made with its directory, for its owner only, and leaves nothing beside', () => {
    const key = newKey();
    createKeyFile(file, [key]);
    expect(idsIn(file)).toEqual([key.id]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, 'inner'))).toEqual(['secret.key']);
  });

  it('is never made over another one', () => {
    const first = newKey();
    createKeyFile(file, [first]);
    expect(() => createKeyFile(file, [newKey()])).toThrow(/cannot write .*EEXIST/);
    expect(idsIn(file)).toEqual([first.id]);
  });

  it('is the one that an operator wrote with openssl, with several keys and remarks', () => {
    const lines = [3, 4].map((byte) => Buffer.alloc(32, byte).toString('base64'));
    const given = join(directory, 'given');
    writeFileSync(given, `# of 2026\r\n${lines[0]}\r\n\n  ${lines[1]}  \n`);
    expect(readKeyFile(given)?.map(({ bytes }) => bytes[0])).toEqual([3, 4]);
  });

  it('is replaced through a symbolic link', () => {
    const [first, second] = [newKey(), newKey()];
    createKeyFile(file, [first]);
    const link = join(directory, 'link');
    symlinkSync(file, link);
    replaceKeyFile(link, [second, first]);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(idsIn(file)).toEqual([second.id, first.id]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is not there, or says what is wrong with it without repeating it', () => {
    expect(readKeyFile(file)).toBeNull();
    const bad = join(directory, 'bad');
    writeFileSync(bad, `# a remark\n${Buffer.alloc(16, 9).toString('base64')}\n`);
    expect(() => readKeyFile(bad)).toThrow(/bad, line 2, is not a key: 32 bytes/);
    expect(() => readKeyFile(bad)).not.toThrow(readFileSync(bad, 'utf8').split('\n')[1]);
    writeFileSync(bad, '');
    expect(() => readKeyFile(bad)).toThrow(/holds no key/);
    expect(() => readKeyFile(directory)).toThrow(KeyFileUnusable);
  });

  it('is known to be open to others', () => {
    createKeyFile(file, [newKey()]);
    expect(isOpenToOthers(file)).toBe(false);
    chmodSync(file, 0o640);
    expect(isOpenToOthers(file)).toBe(true);
  });
});
