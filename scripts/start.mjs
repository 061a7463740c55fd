/**
 * `npm start`: bootstraps, builds, then becomes the server: it is loaded into this process, so that a signal
 * (also SIGKILL) to this process id reaches the server itself and its exit code is ours.
 */
import { pathToFileURL } from 'node:url';
import { bootstrap } from './bootstrap.mjs';
import { build } from './build.mjs';
import { orExit } from './lib/or-exit.mjs';
import { inRoot } from './lib/root.mjs';

await orExit(async () => {
  await bootstrap();
  await build();
});

const main = inRoot('apps/server/dist/src/main.js');
process.argv[1] = main;
await import(pathToFileURL(main).href);
