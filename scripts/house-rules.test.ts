import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { houseRuleProblems } from './house-rules.mjs';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tocsin-house-rules-'));
  await promisify(execFile)('git', ['init', '--quiet'], { cwd: root });
});

afterAll(() => rm(root, { recursive: true }));

async function problemsOf(path: string, text: string): Promise<string[]> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
  try {
    return houseRuleProblems(root);
  } finally {
    await rm(join(root, path));
  }
}

test.each([
  'select id from service',
  'insert into inbox values (1)',
  'update device set gone_at = now()',
  'delete from retry',
])('refuses "%s" in the API', async (sql) => {
  const problems = await problemsOf('apps/server/src/api/a.ts', `// one\nconst statement = \`${sql}\`;\n`);
  expect(problems).toEqual([expect.stringMatching(/^apps\/server\/src\/api\/a\.ts:2: SQL is written in/)]);
});

test('refuses a statement that begins on a line of its own', async () => {
  expect(await problemsOf('apps/server/src/api/a.ts', 'const s = `\n  select id\n  from t`;\n')).toHaveLength(
    1,
  );
});

test('lets the store write SQL', async () => {
  expect(await problemsOf('apps/server/src/store/a.ts', 'const s = `select id from service`;\n')).toEqual([]);
});

test('takes a sentence for a sentence', async () => {
  const sentence = `const help = 'select a service from the list';\nconst hint = 'Update your settings';\n`;
  expect(await problemsOf('apps/server/src/api/a.ts', sentence)).toEqual([]);
});

test('refuses a path of one machine', async () => {
  const home = ['', 'home', 'somebody', 'tocsin'].join('/');
  expect(await problemsOf('docs/a.md', `Run \`${home}/start\`.\n`)).toHaveLength(1);
});

test('takes a route of the API for a route', async () => {
  expect(await problemsOf('docs/a.md', 'GET /api/v3/home and /tmpfile\n')).toEqual([]);
});

test('refuses a focused test', async () => {
  expect(await problemsOf('packages/push/src/a.test.ts', `${'it'}.only('works', () => 1);\n`)).toHaveLength(
    1,
  );
});
