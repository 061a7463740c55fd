/** What a killed server left behind in a cluster: a PostgreSQL still stopping, or a pid file that names nobody. */
import { readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { DataDirectoryInUse } from './failure.ts';
import { isPostgresIn, processState } from './process.ts';

const FAST_STOP_MS = 30_000;
const HARD_STOP_MS = 10_000;
const POLL_MS = 50;

/** Line `number` (from 1) of the pid file; '' when there is none. */
export function pidFileLine(cluster: Cluster, number: number): string {
  try {
    return (
      readFileSync(join(cluster.directory, 'postmaster.pid'), 'utf8').split('\n')[number - 1] ?? ''
    ).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return '';
  }
}

/**
 * Leaves the cluster ready for a start. The caller holds the data directory's lock, so a PostgreSQL that still runs has lost
 * its server. Throws `DataDirectoryInUse` when one answers that is not among our processes (another container's).
 */
export async function endLeftover(cluster: Cluster): Promise<void> {
  const pid = Number(pidFileLine(cluster, 1));
  if (pid && processState(pid) === 'running' && isPostgresIn(pid, cluster.directory)) await end(cluster, pid);
  if (await answers(cluster)) throw new DataDirectoryInUse(cluster.directory, 'in another container');
  // PostgreSQL sees for itself that a pid is gone, and then checks that no orphan still has the shared memory. A zombie,
  // or a stranger who got the same pid, it takes for a running server.
  if (pid && processState(pid) !== 'gone') {
    rmSync(join(cluster.directory, 'postmaster.pid'), { force: true });
    rmSync(`${socketFile(cluster)}.lock`, { force: true });
  }
}

async function end(cluster: Cluster, pid: number): Promise<void> {
  for (let waited = 0; waited < FAST_STOP_MS + HARD_STOP_MS; waited += POLL_MS) {
    if (processState(pid) !== 'running' || !isPostgresIn(pid, cluster.directory)) return;
    if (waited === 0) signal(pid, 'SIGINT');
    if (waited === FAST_STOP_MS) signal(pid, 'SIGQUIT');
    await delay(POLL_MS);
  }
  throw new DataDirectoryInUse(cluster.directory, `process ${pid}, which does not stop`);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // Gone between the look and the signal: what we wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function socketFile(cluster: Cluster): string {
  return join(cluster.socket, `.s.PGSQL.${cluster.port}`);
}

function answers(cluster: Cluster): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketFile(cluster));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // No socket, or nobody behind it.
    socket.once('error', () => resolve(false));
  });
}
