/** What the operating system says about other processes. */
import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * `zombie`: dead, but its parent has not reaped it yet; it still answers to signal 0. `foreign`: belongs to
 * another user, who can be no server of ours: those run under the uid that owns the files.
 */
export type ProcessState = 'gone' | 'zombie' | 'foreign' | 'running';

export function processState(pid: number): ProcessState {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'foreign' : 'gone';
  }
  return /^Z/.test(field(pid, 'stat')) ? 'zombie' : 'running';
}

/** True when the process is a PostgreSQL that works in `directory` (a real path): a pid may be a stranger's by now. */
export function isPostgresIn(pid: number, directory: string): boolean {
  if (process.platform !== 'linux') return field(pid, 'command').includes(`-D ${directory}`);
  // PostgreSQL's working directory is its data directory, whatever its command line says.
  return (
    quietly(() => readlinkSync(`/proc/${pid}/cwd`)) === directory &&
    field(pid, 'command').includes('postgres')
  );
}

/** Distinguishes a process from a later one with the same pid; '' when there is no such process. */
export function startTime(pid: number): string {
  return field(pid, 'lstart');
}

type Field = 'stat' | 'command' | 'lstart';

/** As `ps` would print it. On Linux read from proc(5), because slim containers have no `ps`. */
function field(pid: number, name: Field): string {
  if (process.platform !== 'linux') {
    return spawnSync('/bin/ps', ['-o', `${name}=`, '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  }
  if (name === 'command')
    return quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
  // "pid (name) state …": the name may hold blanks and parentheses. Field 3 is the state, field 22 the start time.
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[name === 'stat' ? 0 : 19] ?? '';
}

function quietly(read: () => string): string {
  try {
    return read();
  } catch {
    // The process is gone or not ours to look at: nothing is known about it.
    return '';
  }
}
