/** One embedded PostgreSQL server process: started, stopped. `supervise.ts` keeps it running. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Cluster, ENVIRONMENT, pathFor, socketSetting } from './cluster.ts';
import { explain } from './failure.ts';
import { endLeftover, pidFileLine } from './leftover.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

export interface RunningPostgres {
  /** Resolves with how it ended; never rejects. */
  readonly exited: Promise<string>;
  /** Fast shutdown; the hard way when that takes longer than `patienceMs`. */
  stop(patienceMs?: number): Promise<void>;
}

const STOP_PATIENCE_MS = 30_000;
const READY_POLL_MS = 10;

/** Small enough for a home server; docs/operations.md says when to raise them. */
const SETTINGS = [
  'listen_addresses=',
  'unix_socket_permissions=0700',
  'shared_buffers=128MB',
  'max_connections=100',
  'max_wal_size=1GB',
  'checkpoint_timeout=15min',
  'wal_compression=pglz',
  'random_page_cost=1.1',
  // The programs have no LLVM, and containers have too little /dev/shm for parallel queries.
  'jit=off',
  'max_parallel_workers_per_gather=0',
  'autovacuum_naptime=10s',
  'timezone=UTC',
  'log_timezone=UTC',
  'lc_messages=C',
  // Our log adds the time. Values of rows (DETAIL, STATEMENT) do not belong into a log.
  'log_line_prefix=',
  'log_min_messages=warning',
  'log_min_error_statement=panic',
  'log_error_verbosity=terse',
  'log_checkpoints=off',
];

/**
 * Starts the server and resolves when it takes connections; a crash recovery may take minutes. `settings` are further
 * `name=value`; `log` hears the server's lines. Rejects with a sentence when it ends before it is ready.
 */
export async function startPostgres(
  cluster: Cluster,
  settings: readonly string[],
  log: (line: string) => void,
): Promise<RunningPostgres> {
  await endLeftover(cluster);
  const watchdog = startWatchdog((error) => log(`the watchdog: ${error.message}`));
  const child = spawnServer(cluster, settings);
  if (child.pid) watchdog.guard(child.pid);
  const lines = collectLines(child, log);
  const exited = whenExited(child, watchdog);
  await untilReady(cluster, child, exited, lines);
  return { exited, stop: (patienceMs = STOP_PATIENCE_MS) => stop(child, exited, patienceMs) };
}

function spawnServer(cluster: Cluster, settings: readonly string[]): ChildProcess {
  const all = [...SETTINGS, socketSetting(cluster), ...settings].flatMap((setting) => ['-c', setting]);
  const place = ['-D', pathFor(cluster.owner, cluster.directory), '-p', String(cluster.port)];
  return spawn(join(cluster.programs, 'bin', 'postgres'), [...place, ...all], {
    ...cluster.owner,
    cwd: cluster.directory,
    // A session of its own: Ctrl-C at the terminal is for the server, which then stops PostgreSQL in its turn.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: ENVIRONMENT,
  });
}

const LINES_KEPT = 20;

/** The last lines, for the error message. */
function collectLines(child: ChildProcess, log: (line: string) => void): string[] {
  const recent: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n').filter(Boolean)) {
      recent.push(line);
      if (recent.length > LINES_KEPT) recent.shift();
      log(line);
    }
  });
  return recent;
}

/** `exit` and not `close`: orphaned backends of a killed postmaster hold the pipe a little longer. */
function whenExited(child: ChildProcess, watchdog: Watchdog): Promise<string> {
  return new Promise((resolve) => {
    const end = (how: string) => {
      watchdog.release();
      resolve(how);
    };
    child.once('exit', (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
    child.once('error', (error) => end(error.message));
  });
}

async function untilReady(
  cluster: Cluster,
  child: ChildProcess,
  exited: Promise<string>,
  lines: readonly string[],
): Promise<void> {
  const isReady = () => Number(pidFileLine(cluster, 1)) === child.pid && pidFileLine(cluster, 8) === 'ready';
  let ended: string | null = null;
  void exited.then((how) => {
    ended = how;
  });
  // Line 8 of the pid file is the server's own word (src/include/utils/pidfile.h, LOCK_FILE_LINE_PM_STATUS).
  while (!isReady()) {
    if (ended !== null) throw explain(`${ended}: ${lines.join(' | ')}`, cluster.directory);
    await delay(READY_POLL_MS);
  }
}

async function stop(child: ChildProcess, exited: Promise<string>, patienceMs: number): Promise<void> {
  child.kill('SIGINT');
  const stopped = await Promise.race([exited.then(() => true), delay(patienceMs, false, { ref: false })]);
  if (stopped) return;
  child.kill('SIGQUIT');
  await exited;
}
