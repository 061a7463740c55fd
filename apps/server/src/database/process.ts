/** What the operating system says about other processes. */
import { readFileSync } from 'node:fs';

/** Running, and not a zombie that merely was not reaped yet. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !/^State:\s+Z/m.test(read(`/proc/${pid}/status`));
}

/** False when the pid was given to another program meanwhile. Where /proc is missing, assumed true. */
export function runsProgram(pid: number, program: string): boolean {
  const command = read(`/proc/${pid}/cmdline`);
  return command === '' || (command.split('\0')[0] ?? '').includes(program);
}

/** Distinguishes a process from a later one with the same pid: field 22 of proc(5) stat; '' where unknown. */
export function startTime(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // No /proc on this system, or the process is gone: both mean that nothing is known.
    return '';
  }
}
