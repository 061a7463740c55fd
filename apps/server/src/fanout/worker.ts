/**
 * The loop that takes chunks and retries. A chunk whose providers answer slowly stops counting against the
 * others after `SLOW_AFTER_MS`, so that one provider's stall delays nobody else; how many may be open in all
 * is bounded. One place is kept free for high priority.
 */
import { type Chunk, claimChunks, LEASE_MS, releaseChunk, renewLeases } from '../queue/chunk.ts';
import { claimRetries, type DueRetry } from '../queue/retry.ts';
import { priorityRank } from '../store/notification.ts';
import { type DeliverDeps, deliverChunk, deliverRetries } from './deliver.ts';

export interface WorkerDeps extends DeliverDeps {
  readonly onError: (error: Error, what: string) => void;
}

export interface FanoutWorker {
  start(): void;
  /** Something may be due: look now. */
  wake(): void;
  /** Stops taking new work and waits for what is under way. */
  stop(): Promise<void>;
}

/** Chunks sending at full speed. */
const PLACES = 4;
/** Chunks under way in all, slow ones included. */
const MOST_OPEN = 64;
const SLOW_AFTER_MS = 500;
const POLL_MS = 500;
const RETRY_PAGE = 1_000;
const MOST_RETRY_GROUPS = 16;
const FAILURE_PAUSE_MS = 1_000;

export function createWorker(deps: WorkerDeps): FanoutWorker {
  const open = new Map<number, Promise<void>>();
  const retryGroups = new Set<Promise<void>>();
  let fast = 0;
  let stopped = true;
  let looking = false;
  let again = false;
  let poll: NodeJS.Timeout | null = null;
  let lease: NodeJS.Timeout | null = null;

  const look = async () => {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    try {
      do {
        again = false;
        await takeChunks();
        await takeRetries();
      } while (again && !stopped);
    } catch (error) {
      deps.onError(error as Error, 'claiming work');
    } finally {
      looking = false;
    }
  };

  const takeChunks = async () => {
    // The last place is only for high priority: a flood never makes an alarm wait for a chunk to finish.
    const free = Math.min(PLACES - fast, MOST_OPEN - open.size);
    if (stopped || free <= 0) return;
    const minPriority = free === 1 ? priorityRank('high') : 0;
    const chunks = await claimChunks(deps.database, deps.node, deps.clock(), Math.max(1, free - 1), minPriority);
    for (const chunk of chunks) run(chunk);
    if (chunks.length > 0 && free > 1) again = true;
  };

  const run = (chunk: Chunk) => {
    fast++;
    let counted = true;
    const leavePlace = () => {
      if (!counted) return;
      counted = false;
      fast--;
      if (!stopped) void look();
    };
    const slow = setTimeout(leavePlace, SLOW_AFTER_MS);
    const work = deliverChunk(deps, chunk)
      .catch((error: Error) => giveBack(chunk, error))
      .finally(() => {
        clearTimeout(slow);
        open.delete(chunk.id);
        leavePlace();
        if (!stopped) void look();
      });
    open.set(chunk.id, work);
  };

  const giveBack = async (chunk: Chunk, error: Error) => {
    deps.onError(error, `chunk ${chunk.id} of notification ${chunk.notificationId}`);
    const runAt = deps.clock() + FAILURE_PAUSE_MS * Math.min(60, 2 ** Math.min(chunk.attempts, 6));
    // When this fails too the lease runs out by itself.
    await releaseChunk(deps.database, chunk.id, deps.node, runAt).catch((failure: Error) =>
      deps.onError(failure, `giving chunk ${chunk.id} back`),
    );
  };

  const takeRetries = async () => {
    if (stopped || retryGroups.size >= MOST_RETRY_GROUPS) return;
    const due = await claimRetries(deps.database, deps.clock(), RETRY_PAGE);
    for (const group of groupByNotification(due)) {
      const work: Promise<void> = deliverRetries(deps, group)
        .catch((error: Error) => deps.onError(error, `retries of notification ${group[0]?.notificationId}`))
        .finally(() => {
          retryGroups.delete(work);
          if (!stopped) void look();
        });
      retryGroups.add(work);
    }
    if (due.length === RETRY_PAGE) again = true;
  };

  const renew = () => {
    if (open.size === 0) return;
    renewLeases(deps.database, deps.node, [...open.keys()], deps.clock()).catch((error: Error) =>
      deps.onError(error, 'renewing leases'),
    );
  };

  return {
    start() {
      stopped = false;
      poll = setInterval(() => void look(), POLL_MS);
      lease = setInterval(renew, LEASE_MS / 4);
      void look();
    },
    wake() {
      if (!stopped) void look();
    },
    async stop() {
      stopped = true;
      if (poll) clearInterval(poll);
      await Promise.all([...open.values(), ...retryGroups]);
      if (lease) clearInterval(lease);
    },
  };
}

function groupByNotification(due: readonly DueRetry[]): DueRetry[][] {
  const groups = new Map<number, DueRetry[]>();
  for (const retry of due) {
    const group = groups.get(retry.notificationId);
    if (group) group.push(retry);
    else groups.set(retry.notificationId, [retry]);
  }
  return [...groups.values()];
}
