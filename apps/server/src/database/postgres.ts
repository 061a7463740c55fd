/** One embedded PostgreSQL server process: made, started, stopped. `supervise.ts` keeps it running. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Owner } from './place.ts';
import { isAlive, runsProgram } from './process.ts';

export interface Cluster {
  readonly programs: string;
  readonly directory: string;
  readonly socket: string;
  readonly owner: Owner | null;
  /** Extra `name=value` settings; tests turn fsync off. */
  readonly settings: readonly string[];
}

export interface RunningPostgres {
  readonly exited: Promise<string>;
  /** Fast shutdown; the hard way when that takes longer than `patienceMs`. */
  stop(patienceMs?: number): Promise<void>;
}

export const SUPERUSER = 'postgres';
export const SOCKET_PORT = 5432;
const START_PATIENCE_MS = 60_000;
const STOP_PATIENCE_MS = 10_000;
const LEFTOVER_PATIENCE_MS = 15_000;

/** Small enough for a home server; docs/operations.md says when to raise them. */
const SETTINGS = [
  'listen_addresses=',
  'unix_socket_permissions=0700',
  'shared_buffers=128MB',
  'max_connections=100',
  'max_wal_size=1GB',
  'checkpoint_timeout=15min',
  'wal_compression=on',
  'random_page_cost=1.1',
  'jit=off',
  'autovacuum_naptime=10s',
  'log_min_messages=warning',
  'log_checkpoints=off',
  'timezone=UTC',
];

const environment = () => ({ PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' });

/** Makes the cluster's files when there are none. */
export async function initialise(cluster: Cluster): Promise<void> {
  if (existsSync(join(cluster.directory, 'PG_VERSION'))) return;
  // Made beside and renamed when complete: a first start that was killed half-way leaves nothing to trip over.
  const data = `${cluster.directory}.new`;
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { mode: 0o700 });
  if (cluster.owner) chownSync(data, cluster.owner.uid, cluster.owner.gid);
  const args = ['-D', data, '-U', SUPERUSER, '--auth=trust', '-E', 'UTF8', '--locale=C', '--data-checksums', '--no-instructions'];
  try {
    await promisify(execFile)(join(cluster.programs, 'bin', 'initdb'), args, {
      ...cluster.owner,
      cwd: '/',
      env: environment(),
    });
  } catch (error) {
    const output = (error as { stderr?: string }).stderr?.trim() || (error as Error).message;
    throw new Error(`The embedded PostgreSQL could not be set up in ${cluster.directory}: ${output}`);
  }
  renameSync(data, cluster.directory);
}

/** Starts the server and resolves when it takes connections. `log` hears its warnings. */
export async function startPostgres(cluster: Cluster, log: (line: string) => void): Promise<RunningPostgres> {
  await endLeftover(cluster.directory);
  const settings = [...SETTINGS, `unix_socket_directories=${cluster.socket}`, ...cluster.settings];
  const args = ['-D', cluster.directory, '-p', String(SOCKET_PORT), ...settings.flatMap((setting) => ['-c', setting])];
  const child = spawn(join(cluster.programs, 'bin', 'postgres'), args, {
    ...cluster.owner,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment(),
  });
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  const lines = collectLines(child, log);
  const watchdog = watch(child);
  try {
    await untilReady(cluster, exited, lines);
  } catch (error) {
    child.kill('SIGQUIT');
    watchdog.kill();
    throw error;
  }
  void exited.then(() => watchdog.kill());
  return { exited, stop: (patienceMs = STOP_PATIENCE_MS) => stop(child, exited, patienceMs) };
}

function collectLines(child: ChildProcess, log: (line: string) => void): string[] {
  const recent: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n').filter(Boolean)) {
      recent.push(line);
      if (recent.length > 20) recent.shift();
      log(line);
    }
  });
  return recent;
}

/**
 * A shell that holds one end of a pipe: when this process dies, however it dies, the pipe closes and the shell
 * asks PostgreSQL to stop. Without it a `kill -9` leaves the database running without anybody.
 */
function watch(child: ChildProcess): ChildProcess {
  const watchdog = spawn('/bin/sh', ['-c', `cat >/dev/null; kill -INT ${child.pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: environment(),
  });
  watchdog.unref();
  watchdog.stdin?.on('error', () => watchdog.kill());
  (watchdog.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return watchdog;
}

async function untilReady(cluster: Cluster, exited: Promise<string>, lines: readonly string[]): Promise<void> {
  const pidFile = join(cluster.directory, 'postmaster.pid');
  let ended: string | null = null;
  void exited.then((how) => {
    ended = how;
  });
  for (let waited = 0; waited < START_PATIENCE_MS; waited += 20) {
    if (ended) throw new Error(`The embedded PostgreSQL did not start (${ended}): ${lines.join(' | ')}`);
    // Line 8 of the pid file is the server's own word (src/include/miscadmin.h, LOCK_FILE_LINE_PM_STATUS).
    if (readLine(pidFile, 8) === 'ready') return;
    await delay(20);
  }
  throw new Error(`The embedded PostgreSQL was not ready after ${START_PATIENCE_MS / 1000} s: ${lines.join(' | ')}`);
}

function readLine(file: string, number: number): string {
  if (!existsSync(file)) return '';
  return (readFileSync(file, 'utf8').split('\n')[number - 1] ?? '').trim();
}

async function stop(child: ChildProcess, exited: Promise<string>, patienceMs: number): Promise<void> {
  child.kill('SIGINT');
  const stopped = await Promise.race([exited.then(() => true), delay(patienceMs, false, { ref: false })]);
  if (stopped) return;
  child.kill('SIGQUIT');
  await exited;
}

/** A killed server's PostgreSQL may still be stopping, or have left a pid file that names nobody, a zombie or a stranger. */
async function endLeftover(directory: string): Promise<void> {
  const file = join(directory, 'postmaster.pid');
  for (let waited = 0; waited < LEFTOVER_PATIENCE_MS; waited += 50) {
    const pid = Number(readLine(file, 1));
    if (!pid) return;
    if (!isAlive(pid) || !runsProgram(pid, 'postgres')) break;
    if (waited % 1_000 === 0) signalLeftover(pid);
    await delay(50);
  }
  rmSync(file, { force: true });
}

function signalLeftover(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    // Gone between the look and the signal: what we wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
