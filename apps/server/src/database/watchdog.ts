/** Stops PostgreSQL when this process dies, however it dies. */
import { spawn } from 'node:child_process';

export interface Watchdog {
  /** From now on, this process is stopped with us. */
  guard(pid: number): void;
  /** It has ended; its pid may become somebody else's. */
  release(): void;
}

/**
 * The shell holds the other end of a pipe. After a `kill -9` of ours the pipe ends, and the shell asks the last pid it was
 * told to shut down fast, then hard. It ignores the signals that a terminal or a service manager sends to the whole group.
 */
const SCRIPT = `trap '' HUP INT TERM
pid=
while read -r line; do pid=$line; done
[ -n "$pid" ] || exit 0
kill -INT "$pid" || exit 0
waited=0
while kill -0 "$pid" && [ "$waited" -lt 30 ]; do sleep 1; waited=$((waited + 1)); done
kill -QUIT "$pid"`;

/** Started before PostgreSQL, so that there is no moment without it. */
export function startWatchdog(onError: (error: Error) => void): Watchdog {
  const shell = spawn('/bin/sh', ['-c', SCRIPT], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  });
  shell.on('error', onError);
  shell.stdin.on('error', onError);
  shell.unref();
  return {
    guard: (pid) => shell.stdin.write(`${pid}\n`),
    release: () => shell.stdin.end('\n'),
  };
}
