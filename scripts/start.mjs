/**
 * `npm start`: bootstraps, builds, then becomes the server: it is loaded into this process, so that a signal
 * (also SIGKILL) to this process id reaches the server itself and its exit code is ours.
 */
import { pathToFileURL } from 'node:url';
import { bootstrap } from './bootstrap.mjs';
import { build } from './build.mjs';
import { inRoot } from './lib/root.mjs';

try {
  await bootstrap();
  await build();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

const main = inRoot('apps/server/dist/src/main.js');
process.argv[1] = main;
await import(pathToFileURL(main).href);
