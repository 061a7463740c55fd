#!/usr/bin/env node
/** npm links this file before anything is built; the program itself is in dist. */
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write('Tocsin is not built yet: run "npm run build" first.\n');
  process.exit(1);
}
await import(main.href);
