/**
 * `npm test`: bootstrap, system packages, build, static checks, tests; closes with "N passed, N failed".
 * Arguments go to Vitest (`npm test -- packages/push`); the static checks are skipped then.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { build } from './build.mjs';
import { runChecks } from './check.mjs';
import { runTool } from './lib/command.mjs';
import { countLine, sumCounts } from './lib/count-line.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

/** @typedef {import('./lib/count-line.mjs').Counts} Counts */

/** @type {Counts} */
const ONE_FAILURE = { passed: 0, failed: 1, skipped: 0 };

/**
 * @param {readonly string[]} args
 * @returns {Promise<Counts>}
 */
async function runVitest(args) {
  console.log('\n── tests');
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-counts-'));
  const countsFile = join(folder, 'counts.json');
  try {
    const env = { ...process.env, TOCSIN_COUNTS_FILE: countsFile };
    const code = await runTool('vitest/vitest.mjs', ['run', ...args], { env });
    return countsOf(countsFile, code);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * A run that failed without a failed test (it could not start, or found no test) is a failure.
 * @param {string} countsFile
 * @param {number} exitCode
 * @returns {Counts}
 */
function countsOf(countsFile, exitCode) {
  if (!existsSync(countsFile)) return ONE_FAILURE;
  /** @type {Counts} */
  const counts = JSON.parse(readFileSync(countsFile, 'utf8'));
  return exitCode !== 0 && counts.failed === 0 ? sumCounts([counts, ONE_FAILURE]) : counts;
}

/**
 * @param {() => Promise<void>} step a preparation that rejects with a sentence for the reader
 * @returns {Promise<Counts[]>} nothing to count when it went well
 */
async function prepare(step) {
  try {
    await step();
    return [];
  } catch (error) {
    console.error(`FAILED: ${error instanceof Error ? error.message : error}`);
    return [ONE_FAILURE];
  }
}

/**
 * Without dependencies nothing can run; any other failure still shows what else is wrong.
 * @param {readonly string[]} args
 * @returns {Promise<Counts[]>}
 */
async function runEverything(args) {
  const bootstrapped = await prepare(bootstrap);
  if (bootstrapped.length > 0) return bootstrapped;
  const prepared = [...(await prepare(ensureSystemPackages)), ...(await prepare(build))];
  const checked = args.length === 0 ? [await runChecks()] : [];
  return [...prepared, ...checked, await runVitest(args)];
}

const total = sumCounts(await runEverything(process.argv.slice(2)));
console.log(countLine(total));
process.exitCode = total.failed > 0 ? 1 : 0;
