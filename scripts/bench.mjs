/**
 * `npm run bench -- <name>`: builds, then runs one benchmark. Without a name, or with an unknown one, it lists
 * them. A benchmark is a folder of `bench/` with a `main.ts`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { bootstrap } from './bootstrap.mjs';
import { buildTypeScript } from './build.mjs';
import { run } from './lib/command.mjs';
import { orExit } from './lib/or-exit.mjs';
import { inRoot } from './lib/root.mjs';

const [name = '', ...args] = process.argv.slice(2);
const names = readdirSync(inRoot('bench')).filter((folder) => existsSync(inRoot('bench', folder, 'main.ts')));

await orExit(async () => {
  if (!names.includes(name)) throw new Error(`Usage: npm run bench -- <name>, one of: ${names.join(', ')}`);
  await bootstrap();
  if ((await buildTypeScript()) !== 0) throw new Error('The TypeScript build failed: see the messages above');
  process.exitCode = await run(process.execPath, [inRoot('bench/dist', name, 'main.js'), ...args]);
});
