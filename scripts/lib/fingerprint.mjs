import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A hash of the contents and names of files and folders; what does not exist counts as empty.
 * @param {readonly string[]} paths
 */
export function fingerprint(paths) {
  const hash = createHash('sha256');
  for (const path of paths.flatMap(filesBelow))
    hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}

/**
 * @param {string} path
 * @returns {string[]} every file at or below the path, in a stable order
 */
function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

/**
 * Whether the stamp file was written for this fingerprint.
 * @param {string} stampFile
 * @param {string} current
 */
export function isCurrent(stampFile, current) {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === current;
}

/**
 * Remembers that what stands beside the stamp file was made from this fingerprint.
 * @param {string} stampFile
 * @param {string} current
 */
export function stamp(stampFile, current) {
  writeFileSync(stampFile, current);
}
