import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { licenceProblems } from './licences.mjs';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tocsin-licences-'));
});

afterAll(() => rm(root, { recursive: true }));

async function problemsOf(entry: object): Promise<string[]> {
  const lock = { packages: { '': {}, 'packages/ours': {}, 'node_modules/planted': entry } };
  await writeFile(join(root, 'package-lock.json'), JSON.stringify(lock));
  return licenceProblems(root);
}

test.each(['MIT', '(MIT OR GPL-3.0-only)', 'Apache-2.0 AND BSD-3-Clause'])('ships %s', async (license) => {
  expect(await problemsOf({ license })).toEqual([]);
});

test.each(['GPL-3.0-only', 'MPL-2.0', 'MIT AND GPL-3.0-only', 'SEE LICENSE IN LICENSE'])(
  'refuses to ship %s',
  async (license) => {
    const [problem] = await problemsOf({ license });
    expect(problem).toBe(`node_modules/planted: ${license} is not permitted for a shipped dependency`);
  },
);

test('takes MPL-2.0 for a development tool', async () => {
  expect(await problemsOf({ license: 'MPL-2.0', dev: true })).toEqual([]);
});

test('refuses GPL for a development tool', async () => {
  expect(await problemsOf({ license: 'GPL-3.0-only', dev: true })).toHaveLength(1);
});

test('refuses a dependency without a licence', async () => {
  expect(await problemsOf({})).toHaveLength(1);
});
