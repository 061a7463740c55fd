import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inRoot } from './lib/root.mjs';

const execute = promisify(execFile);
const CRUISER = inRoot('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const LAW = ['.dependency-cruiser.cjs', '.dependency-cruiser.tsconfig.json'];

/** What the planted files import. */
const TARGETS = [
  'packages/contract/src/index.ts',
  'packages/push/src/index.ts',
  'packages/push/testing/index.ts',
  'apps/server/src/ingest/ingest.ts',
  'apps/server/src/store/service.ts',
  'apps/server/src/queue/chunk.ts',
  'apps/server/src/fanout/fanout.ts',
];

/** What is planted where, and the rule it breaks. All are planted into one tree, each in a file of its own. */
const REFUSED = [
  [
    'the contract imports the sending library',
    'packages/contract/src/a.ts',
    '@tocsin/push',
    'contract-is-pure',
  ],
  ['the contract does I/O', 'packages/contract/src/b.ts', 'node:fs', 'contract-no-io'],
  [
    'the sending library imports the contract',
    'packages/push/src/a.ts',
    '@tocsin/contract',
    'push-stands-alone',
  ],
  ['the sending library imports a database', 'packages/push/src/b.ts', 'pg', 'push-stands-alone'],
  [
    'a package imports an app',
    'packages/push/src/c.ts',
    '../../../apps/server/src/store/service.ts',
    'nobody-imports-an-app',
  ],
  [
    'the command line imports the server',
    'apps/cli/src/a.ts',
    '../../server/src/store/service.ts',
    'nobody-imports-an-app',
  ],
  ['the inbox app sends', 'apps/inbox/src/a.ts', '@tocsin/push', 'browser-apps-from-contract'],
  ['the API reaches into the fan-out', 'apps/server/src/api/a.ts', '../fanout/fanout.ts', 'server-api'],
  ['the API sends by itself', 'apps/server/src/api/b.ts', '@tocsin/push', 'push-library-users'],
  ['the store knows who calls it', 'apps/server/src/store/a.ts', '../ingest/ingest.ts', 'server-store'],
  ['a transport claims chunks', 'apps/server/src/transports/a.ts', '../queue/chunk.ts', 'server-transports'],
  ['lib knows a noun', 'apps/server/src/lib/a.ts', '../store/service.ts', 'server-lib'],
  [
    'production code uses a fake',
    'apps/server/src/transports/b.ts',
    '@tocsin/push/testing',
    'no-test-code-in-production',
  ],
  [
    'a new folder has no line in the law',
    'apps/server/src/odds/a.ts',
    '../store/service.ts',
    'server-folder-is-known',
  ],
  ['two files import each other', 'apps/server/src/lib/left.ts', './right.ts', 'no-cycles'],
] as const;

const ALLOWED = [
  ['the API hands a draft to ingest', 'apps/server/src/api/c.ts', `export * from '../ingest/ingest.ts';`],
  [
    'a transport uses the sending library',
    'apps/server/src/transports/c.ts',
    `export * from '@tocsin/push';`,
  ],
  ['the store shares its types', 'apps/server/src/store/c.ts', `import type { value } from '@tocsin/push';`],
  ['a test uses a fake', 'apps/server/src/transports/c.test.ts', `export * from '@tocsin/push/testing';`],
  ['app.ts wires everything', 'apps/server/src/app.ts', `export * from './fanout/fanout.ts';`],
] as const;

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

let tree: string;
let violations: readonly Violation[];

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'tocsin-import-law-'));
  for (const file of LAW) await cp(inRoot(file), join(tree, file));
  for (const path of TARGETS) await plant(path, 'export const value = 1;');
  for (const [, path, target] of REFUSED) await plant(path, `export * from '${target}';`);
  await plant('apps/server/src/lib/right.ts', `export * from './left.ts';`);
  for (const [, path, text] of ALLOWED) await plant(path, text);
  violations = await cruise();
});

afterAll(() => rm(tree, { recursive: true }));

async function plant(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(tree, path)), { recursive: true });
  await writeFile(join(tree, path), `${text}\n`);
}

async function cruise(): Promise<readonly Violation[]> {
  const args = [CRUISER, '--output-type', 'json', 'packages', 'apps'];
  const { stdout } = await execute(process.execPath, args, { cwd: tree, maxBuffer: 16 * 1024 * 1024 });
  return JSON.parse(stdout).summary.violations;
}

function rulesBrokenIn(path: string): string[] {
  return violations.filter((violation) => violation.from === path).map((violation) => violation.rule.name);
}

test.each(REFUSED)('is refused: %s', (_sentence, path, _target, rule) => {
  expect(rulesBrokenIn(path)).toContain(rule);
});

test.each(ALLOWED)('is allowed: %s', (_sentence, path) => {
  expect(rulesBrokenIn(path)).toEqual([]);
});
