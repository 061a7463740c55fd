/**
 * Vitest reporter that closes with "N passed, N failed". What breaks outside a test (a file that cannot be
 * loaded, a failing hook, an unhandled rejection, an interrupted run) counts as a failure too.
 * With TOCSIN_COUNTS_FILE set, the counts are written there for scripts/test.mjs to add up instead.
 */
import { writeFileSync } from 'node:fs';
import { countLine } from './lib/count-line.mjs';

/** @typedef {import('vitest/node').TestModule} TestModule */

export default class PlainReporter {
  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   * @param {import('vitest/node').TestRunEndReason} reason
   */
  onTestRunEnd(modules, unhandledErrors, reason) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) countModule(module, counts);
    if (reason !== 'passed' && counts.failed === 0) counts.failed = 1;
    const file = process.env.TOCSIN_COUNTS_FILE;
    if (file) writeFileSync(file, JSON.stringify(counts));
    else console.log(countLine(counts));
  }
}

/**
 * @param {TestModule} module
 * @param {import('./lib/count-line.mjs').Counts} counts
 */
function countModule(module, counts) {
  const groups = [module, ...module.children.allSuites()];
  counts.failed += groups.filter((group) => group.errors().length > 0).length;
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === 'passed' || state === 'failed') counts[state] += 1;
    else counts.skipped += 1;
  }
}
