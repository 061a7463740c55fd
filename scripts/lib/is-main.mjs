import { pathToFileURL } from 'node:url';

/**
 * Whether a module is the program that was started, and not imported by another.
 * @param {string} moduleUrl its `import.meta.url`
 */
export function isMain(moduleUrl) {
  return moduleUrl === pathToFileURL(process.argv[1] ?? '').href;
}
