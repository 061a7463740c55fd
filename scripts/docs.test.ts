import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { SETTINGS } from '../apps/server/src/settings.ts';
import { inRoot } from './lib/root.mjs';
import { sourceFiles } from './lib/source-files.mjs';

const DOCUMENTS = sourceFiles().filter((path) => path.endsWith('.md'));
const settings = Object.keys(SETTINGS.shape).sort();

/** Names in the first column of the document's table of settings. */
function settingsIn(document: string): string[] {
  const rows = readFileSync(inRoot(document), 'utf8').match(/^\| `[A-Z][^|]*\|/gm) ?? [];
  return rows.flatMap((row) => [...row.matchAll(/`([A-Z0-9_]+)`/g)].map(([, name]) => name ?? '')).sort();
}

test('operations.md lists exactly the settings that there are', () => {
  expect(settingsIn('docs/operations.md')).toEqual(settings);
});

test('the README lists no setting that does not exist', () => {
  const listed = settingsIn('README.md');
  expect(listed.length).toBeGreaterThan(10);
  expect(settings).toEqual(expect.arrayContaining(listed));
});

test.each(DOCUMENTS)('%s links to files that exist', (document) => {
  const text = readFileSync(inRoot(document), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].map(([, target]) => target ?? '');
  const broken = links.filter((target) => !existsSync(inRoot(dirname(document), target)));
  expect(broken).toEqual([]);
});

/** A path in backticks, below one of our folders, without placeholders. */
const PATH = /`((?:packages|apps|scripts|docs|bench|e2e|examples)\/[\w./-]+)`/g;

test.each(['README.md', 'CONTRIBUTING.md', 'docs/ARCHITECTURE.md', 'docs/operations.md'])(
  '%s names files that exist',
  (document) => {
    const named = [...readFileSync(inRoot(document), 'utf8').matchAll(PATH)].map(([, path]) => path ?? '');
    expect(named.filter((path) => !existsSync(join(inRoot(), path)))).toEqual([]);
  },
);
