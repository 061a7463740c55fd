/** `npm run check`: every static check. Each counts as one test in `npm test`. */
import { existsSync } from 'node:fs';
import { bootstrap } from './bootstrap.mjs';
import { buildTypeScript } from './build.mjs';
import { run, runTool } from './lib/command.mjs';
import { countLine } from './lib/count-line.mjs';
import { isMain } from './lib/is-main.mjs';
import { orExit } from './lib/or-exit.mjs';
import { inRoot } from './lib/root.mjs';

/** Folders whose imports are checked against the import law. */
const LAWFUL = ['packages', 'apps', 'bench', 'e2e'];

/** @typedef {{ name: string, run: () => Promise<number> }} Check */

/** @type {readonly Check[]} */
const CHECKS = [
  { name: 'types: packages, server, bench, e2e', run: buildTypeScript },
  { name: 'types: inbox app', run: () => typesOf('apps/inbox') },
  { name: 'types: scripts', run: () => typesOf('scripts') },
  {
    name: 'format and lint',
    run: () => runTool('@biomejs/biome/bin/biome', ['check', '--error-on-warnings']),
  },
  { name: 'import law', run: importLaw },
  { name: 'nothing unused', run: () => runTool('knip/bin/knip.js', ['--no-progress']) },
  { name: 'licences', run: () => run(process.execPath, [inRoot('scripts/licences.mjs')]) },
  { name: 'house rules', run: () => run(process.execPath, [inRoot('scripts/house-rules.mjs')]) },
];

/** @param {string} project folder with a tsconfig.json */
function typesOf(project) {
  return runTool('typescript7/bin/tsc', ['--noEmit', '-p', project]);
}

function importLaw() {
  const folders = LAWFUL.filter((folder) => existsSync(inRoot(folder)));
  return runTool('dependency-cruiser/bin/dependency-cruise.mjs', ['--output-type', 'err', ...folders]);
}

/**
 * Runs all checks, one after the other, and says which failed.
 * @returns {Promise<import('./lib/count-line.mjs').Counts>}
 */
export async function runChecks() {
  const failed = [];
  for (const check of CHECKS) {
    console.log(`\n── ${check.name}`);
    if ((await check.run()) !== 0) failed.push(check.name);
  }
  for (const name of failed) console.log(`FAILED: ${name}`);
  return { passed: CHECKS.length - failed.length, failed: failed.length, skipped: 0 };
}

if (isMain(import.meta.url)) {
  await orExit(bootstrap);
  const counts = await runChecks();
  console.log(`\n${countLine(counts)}`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
}
