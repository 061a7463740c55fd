import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inRoot } from './lib/root.mjs';

const BIOME = inRoot('node_modules/@biomejs/biome/bin/biome');
const LONG_FUNCTION = `export function long(): void {\n${'  console.log(1);\n'.repeat(61)}}\n`;
const LONG_FILE = 'console.log(1);\n'.repeat(401);

/** Sentence, file, text, and the rule that must refuse it; null where it must pass. */
const PLANTED = [
  ['a file over 400 lines', 'packages/push/src/a.ts', LONG_FILE, 'noExcessiveLinesPerFile'],
  ['a function over 60 lines', 'packages/push/src/b.ts', LONG_FUNCTION, 'noExcessiveLinesPerFunction'],
  ['a long function in a test', 'packages/push/src/b.test.ts', LONG_FUNCTION, null],
  ['any', 'packages/push/src/c.ts', 'export const loose: any = 1;\n', 'noExplicitAny'],
  [
    'an empty catch',
    'packages/push/src/d.ts',
    'try {\n  JSON.parse("1");\n} catch {}\n',
    'noEmptyBlockStatements',
  ],
  [
    'a floating promise',
    'packages/push/src/e.ts',
    'async function push(): Promise<void> {\n  await 1;\n}\npush();\n',
    'noFloatingPromises',
  ],
  [
    'the environment read in the API',
    'apps/server/src/api/a.ts',
    'console.log(process.env.PORT);\n',
    'noProcessEnv',
  ],
  [
    'the environment read in config.ts',
    'apps/server/src/config.ts',
    'console.log(process.env.PORT);\n',
    null,
  ],
  ['a default export', 'packages/push/src/f.ts', 'export default 1;\n', 'noDefaultExport'],
] as const;

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string };
}

let tree: string;
let diagnostics: readonly Diagnostic[];

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'tocsin-lint-'));
  for (const file of ['biome.json', '.gitignore']) await cp(inRoot(file), join(tree, file));
  for (const [, path, text] of PLANTED) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
  diagnostics = await lint();
});

afterAll(() => rm(tree, { recursive: true }));

/** Biome's findings; that it exits with 1 because of them is expected. */
function lint(): Promise<readonly Diagnostic[]> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIOME, 'lint', '--reporter=json', '.'], { cwd: tree }, (_error, stdout) =>
      resolve(JSON.parse(stdout).diagnostics),
    );
  });
}

test.each(PLANTED)('%s', (_sentence, path, _text, rule) => {
  const found = diagnostics.filter((diagnostic) => diagnostic.location.path === path);
  const rules = found.map((diagnostic) => diagnostic.category.split('/').at(-1));
  if (rule) expect(rules).toContain(rule);
  else expect(rules).toEqual([]);
});
