import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inRoot } from './lib/root.mjs';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-reporter-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs one test file in a Vitest of its own and returns the last line that it prints. */
async function lastLineFor(testFile: string): Promise<string | undefined> {
  await writeFile(join(folder, 'planted.test.js'), testFile);
  const reporter = `--reporter=${inRoot('scripts/plain-reporter.mjs')}`;
  const args = ['run', '--globals', `--root=${folder}`, reporter];
  const { TOCSIN_COUNTS_FILE: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [inRoot('node_modules/vitest/vitest.mjs'), ...args],
      { env },
      (_error, stdout) => resolve(stdout.trim().split('\n').at(-1)),
    );
  });
}

const PASSING = `test('passes', () => {});`;

test('counts tests that pass, fail and are skipped', async () => {
  const file = `${PASSING} test('fails', () => { throw new Error('no'); }); test.skip('later', () => {});`;
  expect(await lastLineFor(file)).toBe('1 passed, 1 failed, 1 skipped');
});

test('counts a file that cannot be loaded as a failure', async () => {
  expect(await lastLineFor(`throw new Error('broken');`)).toBe('0 passed, 1 failed');
});

test('counts a failing hook as a failure', async () => {
  const hook = `describe('group', () => { beforeAll(() => { throw new Error('no'); }); ${PASSING} });`;
  expect(await lastLineFor(hook)).toBe('0 passed, 1 failed, 1 skipped');
});

test('counts an unhandled rejection as a failure', async () => {
  const rejecting = `test('passes', async () => { Promise.reject(new Error('lost')); });`;
  expect(await lastLineFor(rejecting)).toBe('1 passed, 1 failed');
});
