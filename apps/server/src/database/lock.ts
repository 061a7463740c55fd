/** One server per data directory. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, startTime } from './process.ts';

export class DataDirectoryInUse extends Error {
  constructor(dataDir: string, pid: number) {
    super(`Another server (process ${pid}) works in ${dataDir}. Stop it, or choose another TOCSIN_DATA_DIR.`);
    this.name = 'DataDirectoryInUse';
  }
}

/** Takes the lock; what a killed server left behind is taken over. Returns the function that gives it back. */
export function lockDataDirectory(dataDir: string): () => void {
  const file = join(dataDir, 'server.lock');
  const mine = `${process.pid} ${startTime(process.pid)}`;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pidText = '', started = ''] = readFileSync(file, 'utf8').split(' ');
    const pid = Number(pidText);
    if (pid > 0 && isAlive(pid) && startTime(pid) === started) throw new DataDirectoryInUse(dataDir, pid);
    rmSync(file, { force: true });
  }
  throw new Error(`cannot take the lock ${file}`);
}
