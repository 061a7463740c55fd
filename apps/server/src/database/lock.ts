/** One server per data directory. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataDirectoryInUse } from './failure.ts';
import { processState, startTime } from './process.ts';

/** Takes the lock; what a killed server left behind is taken over. Returns the function that gives it back. */
export function lockDataDirectory(dataDir: string): () => void {
  const file = join(dataDir, 'server.lock');
  for (;;) {
    try {
      writeFileSync(file, `${process.pid} ${startTime(process.pid)}`, { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readIfThere(file);
    const [pid = '', ...started] = holder.split(' ');
    const isHeld = Number(pid) > 0 && startTime(Number(pid)) === started.join(' ');
    if (isHeld && processState(Number(pid)) !== 'zombie')
      throw new DataDirectoryInUse(dataDir, `process ${pid}`);
    removeStale(file, holder);
  }
}

/**
 * Two starters may find the same stale lock. It is moved aside before it is removed, so that the slower one
 * notices when what it moved is the fresh lock of the faster one, and puts it back.
 */
function removeStale(file: string, holder: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readIfThere(aside) !== holder) linkSync(aside, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  }
  rmSync(aside, { force: true });
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return '';
  }
}
