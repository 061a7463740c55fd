/** House rules that no other tool knows: where SQL may stand, no paths of a machine, no test left focused. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain } from './lib/is-main.mjs';
import { ROOT } from './lib/root.mjs';
import { sourceFiles } from './lib/source-files.mjs';

/**
 * @typedef {object} Rule
 * @property {string} sentence what is wrong
 * @property {RegExp} files the files it is for
 * @property {RegExp} [except] of those, the files it is not for
 * @property {RegExp} pattern what a line of them must not contain
 */

const CODE = /\.(?:tsx?|mjs|cjs)$/;
const TESTS = /\.test\.tsx?$|\/test\/|\/testing\//;

/** @type {readonly Rule[]} */
const RULES = [
  {
    sentence: 'SQL is written in store/ and queue/ only (and by the migrator in database/)',
    files: /^apps\/server\/src\/.*\.ts$/,
    except: /^apps\/server\/src\/(?:store|queue|database)\/|\.test\.ts$/,
    pattern:
      /[`'"]\s*(?:select\s.+\sfrom\s|select\s+\w+\(|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\(|(?:create|alter|drop)\s+(?:table|index|database|schema)\s)/i,
  },
  {
    sentence: 'a path of one machine stands in the repository',
    files: /./,
    except: /^(?:package-lock\.json|scripts\/house-rules\.)/,
    pattern: /(?:^|[\s'"`(=])\/(?:work|farm|home\/\w+|Users\/\w+|var\/tmp|tmp\/[a-z])/,
  },
  {
    sentence: 'a test is focused: the others would silently not run',
    files: TESTS,
    pattern: /\b(?:it|test|describe)\.only\b/,
  },
  {
    sentence: 'work left to do belongs in an issue, not in a comment',
    files: CODE,
    except: /^scripts\/house-rules\./,
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/,
  },
];

/**
 * @param {string} root a git working tree
 * @returns {string[]} one `path:line: sentence` per broken rule
 */
export function houseRuleProblems(root) {
  return sourceFiles(root).flatMap((path) => {
    const rules = RULES.filter((rule) => rule.files.test(path) && !rule.except?.test(path));
    if (rules.length === 0) return [];
    const lines = readFileSync(join(root, path), 'utf8').split('\n');
    return lines.flatMap((line, index) => brokenIn(line, rules).map((why) => `${path}:${index + 1}: ${why}`));
  });
}

/**
 * @param {string} line
 * @param {readonly Rule[]} rules
 */
function brokenIn(line, rules) {
  return rules.filter((rule) => rule.pattern.test(line)).map((rule) => rule.sentence);
}

if (isMain(import.meta.url)) {
  const problems = houseRuleProblems(ROOT);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
