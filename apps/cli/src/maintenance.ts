/** The commands that work on the database itself are a program of the server's: nobody imports an app, it is run. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** As installed beside this package. */
const PROGRAM = '@tocsin/server/maintenance';

/** Runs it with this one's terminal and ends with its exit code (128 + signal number when it was killed). */
export async function runMaintenance(args: readonly string[]): Promise<void> {
  const program = fileURLToPath(import.meta.resolve(PROGRAM));
  const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child as well; this one waits for what it makes of it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
