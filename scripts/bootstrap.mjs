/** Makes a fresh clone runnable: checks Node, installs the locked dependencies. Free when they are current. */

import { run } from './lib/command.mjs';
import { fingerprint, isCurrent, stamp } from './lib/fingerprint.mjs';
import { isMain } from './lib/is-main.mjs';
import { nodeComplaint } from './lib/node-version.mjs';
import { orExit } from './lib/or-exit.mjs';
import { inRoot } from './lib/root.mjs';

/** Rejects with a sentence for the reader when this machine cannot run Tocsin. */
export async function bootstrap() {
  const complaint = nodeComplaint(process.versions.node);
  if (complaint) throw new Error(complaint);
  const stampFile = inRoot('node_modules', '.tocsin-stamp');
  const locked = fingerprint([inRoot('package-lock.json')]);
  if (isCurrent(stampFile, locked)) return;
  console.log('Installing dependencies (npm ci, once; about a minute)');
  const code = await run(process.platform === 'win32' ? 'npm.cmd' : 'npm', [
    'ci',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
  if (code !== 0) throw new Error(`npm ci failed with exit code ${code}: see its message above`);
  stamp(stampFile, locked);
}

if (isMain(import.meta.url)) await orExit(bootstrap);
