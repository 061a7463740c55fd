/**
 * Refuses dependencies whose licence is not permissive. What is shipped may only be permissive; development
 * tools may also be MPL-2.0, whose copyleft ends at its own files.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain } from './lib/is-main.mjs';
import { ROOT } from './lib/root.mjs';

const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
]);
const FOR_DEVELOPMENT = new Set([...PERMISSIVE, 'MPL-2.0']);

/** @typedef {{ license?: string, dev?: boolean, devOptional?: boolean, link?: boolean }} LockEntry */

/**
 * Whether an SPDX expression (names, OR, AND, parentheses around the whole) can be met with these licences.
 * @param {string} expression
 * @param {ReadonlySet<string>} allowed
 */
export function isAllowed(expression, allowed) {
  const alternatives = expression.replace(/^\((.*)\)$/, '$1').split(/\s+OR\s+/);
  return alternatives.some((one) => one.split(/\s+AND\s+/).every((name) => allowed.has(name.trim())));
}

/**
 * @param {string} root folder with package-lock.json
 * @returns {string[]} one sentence per dependency that may not be used
 */
export function licenceProblems(root) {
  /** @type {{ packages: Record<string, LockEntry> }} */
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const problems = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (!path.includes('node_modules/') || entry.link) continue;
    const licence = entry.license ?? installedLicence(join(root, path)) ?? 'no licence';
    const isDevelopment = entry.dev === true || entry.devOptional === true;
    if (isAllowed(licence, isDevelopment ? FOR_DEVELOPMENT : PERMISSIVE)) continue;
    problems.push(
      `${path}: ${licence} is not permitted for a ${isDevelopment ? 'development' : 'shipped'} dependency`,
    );
  }
  return problems;
}

/** @param {string} folder */
function installedLicence(folder) {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) return undefined;
  const { license } = JSON.parse(readFileSync(manifest, 'utf8'));
  return typeof license === 'string' ? license : license?.type;
}

if (isMain(import.meta.url)) {
  const problems = licenceProblems(ROOT);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
