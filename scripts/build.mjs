/** Builds what is not current: TypeScript by project references, the inbox app by Vite. */
import { existsSync } from 'node:fs';
import { bootstrap } from './bootstrap.mjs';
import { runTool } from './lib/command.mjs';
import { fingerprint, isCurrent, stamp } from './lib/fingerprint.mjs';
import { isMain } from './lib/is-main.mjs';
import { orExit } from './lib/or-exit.mjs';
import { inRoot } from './lib/root.mjs';

/** Everything the bundle of the inbox app is made from. */
const INBOX_SOURCES = [
  'apps/inbox/src',
  'apps/inbox/public',
  'apps/inbox/index.html',
  'apps/inbox/vite.config.ts',
  'apps/inbox/package.json',
  'packages/contract/src',
  'package-lock.json',
].map((path) => inRoot(path));

/** Type-checks and emits all packages and the server. Resolves with the exit code. */
export function buildTypeScript() {
  return runTool('typescript7/bin/tsc', ['-b']);
}

/** Bundles the inbox app when its sources changed since the last bundle. Resolves with the exit code. */
export async function buildInbox() {
  const sources = fingerprint(INBOX_SOURCES);
  const stampFile = inRoot('apps/inbox/dist/.stamp');
  if (isCurrent(stampFile, sources)) return 0;
  console.log('Building the inbox app');
  const code = await runTool('vite/bin/vite.js', ['build', '--logLevel', 'warn'], {
    cwd: inRoot('apps/inbox'),
  });
  if (code === 0) stamp(stampFile, sources);
  return code;
}

/** Builds everything. Rejects with a sentence when a part does not build. */
export async function build() {
  if (!existsSync(inRoot('apps/server/dist'))) console.log('Building the server');
  if ((await buildTypeScript()) !== 0) throw new Error('The TypeScript build failed: see the messages above');
  if ((await buildInbox()) !== 0) throw new Error('The inbox app did not build: see the messages above');
}

if (isMain(import.meta.url)) {
  await orExit(async () => {
    await bootstrap();
    await build();
  });
}
