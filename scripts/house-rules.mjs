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
 * @property {RegExp} pattern what they must not contain (global)
 */

const CODE = /\.(?:tsx?|mjs|cjs)$/;
const TESTS = /\.test\.tsx?$|\/test\/|\/testing\//;

/** How statements begin; a sentence for people ("select a service from the list") does not match. */
const SQL_STATEMENTS = [
  'select\\s+(?:distinct\\s+)?[\\w.*]+(?:\\s*,[^`;]*)?\\s+from\\s',
  'select\\s+\\w+\\(',
  'insert\\s+into\\s',
  'update\\s+\\w+\\s+(?:\\w+\\s+)?set\\s',
  'delete\\s+from\\s',
  'with\\s+\\w+\\s+as\\s*\\(',
  '(?:create|alter|drop)\\s+(?:table|index|database|schema)\\s',
];

/** @type {readonly Rule[]} */
const RULES = [
  {
    sentence: 'SQL is written in store/ and queue/ only (and by the migrator in database/)',
    files: /^apps\/server\/src\/.*\.ts$/,
    except: /^apps\/server\/src\/(?:store|queue|database)\/|\.test\.ts$|\/testing\//,
    pattern: new RegExp(`[\`'"]\\s*(?:${SQL_STATEMENTS.join('|')})`, 'gi'),
  },
  {
    sentence: 'a path of one machine stands in the repository',
    files: /./,
    except: /^(?:package-lock\.json|scripts\/house-rules\.)/,
    pattern: /(?:^|[\s'"`(=])\/(?:work|farm|home\/\w+|Users\/\w+|var\/tmp|tmp\/[a-z])/gm,
  },
  {
    sentence: 'a test is focused: the others would silently not run',
    files: TESTS,
    pattern: /\b(?:it|test|describe)\.only\b/g,
  },
  {
    sentence: 'work left to do belongs in an issue, not in a comment',
    files: CODE,
    except: /^scripts\/house-rules\./,
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/g,
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
    const text = readFileSync(join(root, path), 'utf8');
    return rules.flatMap((rule) =>
      linesThatMatch(text, rule.pattern).map((line) => `${path}:${line}: ${rule.sentence}`),
    );
  });
}

/**
 * @param {string} text
 * @param {RegExp} pattern global
 * @returns {number[]} numbers of the lines on which a match begins
 */
function linesThatMatch(text, pattern) {
  return [...text.matchAll(pattern)].map((match) => text.slice(0, match.index).split('\n').length);
}

if (isMain(import.meta.url)) {
  const problems = houseRuleProblems(ROOT);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
