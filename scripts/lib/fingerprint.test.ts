import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fingerprint, isCurrent, stamp } from './fingerprint.mjs';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-fingerprint-'));
  await mkdir(join(folder, 'src'));
  await writeFile(join(folder, 'src', 'a.ts'), 'one');
});

afterEach(() => rm(folder, { recursive: true }));

test('stays the same while nothing changes', () => {
  expect(fingerprint([folder])).toBe(fingerprint([folder]));
});

test('changes with a file that changes, moves or goes', async () => {
  const seen = new Set([fingerprint([folder])]);
  await writeFile(join(folder, 'src', 'a.ts'), 'two');
  seen.add(fingerprint([folder]));
  await rename(join(folder, 'src', 'a.ts'), join(folder, 'src', 'b.ts'));
  seen.add(fingerprint([folder]));
  await rm(join(folder, 'src', 'b.ts'));
  seen.add(fingerprint([folder]));
  expect(seen.size).toBe(4);
});

test('a stamp is current for its own fingerprint only', () => {
  const file = join(folder, '.stamp');
  expect(isCurrent(file, 'one')).toBe(false);
  stamp(file, 'one');
  expect(isCurrent(file, 'one')).toBe(true);
  expect(isCurrent(file, 'two')).toBe(false);
});
