/**
 * The loop that takes chunks and retries. A chunk whose providers answer slowly stops counting against the
 * others after `SLOW_AFTER_MS`, so that one provider's stall delays nobody else; how many may be open in all
 * is bounded. One place is kept free for high priority.
 */
import { type Chunk, claimChunks, LEASE_MS, releaseChunk, renewLeases } from '../queue/chunk.ts';
import { claimRetries, type DueRetry, renewRetries } from '../queue/retry.ts';
import { priorityRank } from '../store/notification.ts';
import { type DeliverDeps, deliverChunk, deliverRetries } from './deliver.ts';

export interface WorkerDeps extends DeliverDeps {
  readonly onError: (error: Error, what: string) => void;
}

/** Chunks sending at full speed. */
const PLACES = 4;
/** Chunks under way in all, slow ones included. */
const MOST_OPEN = 64;
const SLOW_AFTER_MS = 200;
const POLL_MS = 500;
const REST_MS = 10;
const RETRY_PAGE = 1_000;
const MOST_RETRY_GROUPS = 16;
const FAILURE_PAUSE_MS = 1_000;

export class FanoutWorker {
  private readonly deps: WorkerDeps;
  private readonly open = new Map<number, Promise<void>>();
  /** Of one notification each. */
  private readonly retryGroups = new Map<readonly DueRetry[], Promise<void>>();
  private fast = 0;
  private stopped = true;
  private looking = false;
  private resting = false;
  private wokenMeanwhile = false;
  private retriesMayBeDue = false;
  private timers: NodeJS.Timeout[] = [];

  constructor(deps: WorkerDeps) {
    this.deps = deps;
  }

  start(): void {
    this.stopped = false;
    this.timers = [
      setInterval(() => this.wakeForRetries(), POLL_MS),
      setInterval(() => this.renew(), LEASE_MS / 4),
    ];
    this.wakeForRetries();
  }

  /** A chunk may be due: look now, or soon when there was nothing a moment ago. */
  wake(): void {
    if (this.stopped) return;
    if (this.resting) this.wokenMeanwhile = true;
    else void this.look();
  }

  private wakeForRetries(): void {
    this.retriesMayBeDue = true;
    this.wake();
  }

  /** Stops taking new work and waits for what is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.open.values(), ...this.retryGroups.values()]);
    for (const timer of this.timers) clearInterval(timer);
  }

  private async look(): Promise<void> {
    this.wokenMeanwhile = true;
    if (this.looking) return;
    this.looking = true;
    try {
      while (!this.stopped && this.wokenMeanwhile) {
        this.wokenMeanwhile = false;
        while (await this.takeChunks());
        if (this.retriesMayBeDue) await this.takeRetries();
        if (this.open.size === 0) break;
      }
    } catch (error) {
      this.deps.onError(error as Error, 'claiming work');
    } finally {
      this.looking = false;
    }
    if (this.open.size === 0) this.rest();
  }

  /** Under a flood to services without subscribers every commit would otherwise ask in vain. */
  private rest(): void {
    this.resting = true;
    setTimeout(() => {
      this.resting = false;
      if (this.wokenMeanwhile) this.wake();
    }, REST_MS);
  }

  /** Whether there may be more. */
  private async takeChunks(): Promise<boolean> {
    // The last place is only for high priority: a flood never makes an alarm wait for a chunk to finish.
    const free = Math.min(PLACES - this.fast, MOST_OPEN - this.open.size);
    if (free <= 0) return false;
    const minPriority = free === 1 ? priorityRank('high') : 0;
    const { database, node, clock } = this.deps;
    const held = [...this.open.keys()];
    const chunks = await claimChunks(database, node, clock(), Math.max(1, free - 1), minPriority, held);
    for (const chunk of chunks) this.run(chunk);
    return chunks.length > 0 && free > 1;
  }

  private run(chunk: Chunk): void {
    this.fast++;
    let hasPlace = true;
    const leavePlace = () => {
      if (hasPlace) this.fast--;
      hasPlace = false;
      this.wake();
    };
    const slow = setTimeout(leavePlace, SLOW_AFTER_MS);
    const work = deliverChunk(this.deps, chunk)
      .catch((error: Error) => this.giveBack(chunk, error))
      .finally(() => {
        clearTimeout(slow);
        this.open.delete(chunk.id);
        leavePlace();
      });
    this.open.set(chunk.id, work);
  }

  private async giveBack(chunk: Chunk, error: Error): Promise<void> {
    const { database, node, clock, onError } = this.deps;
    onError(error, `chunk ${chunk.id} of notification ${chunk.notificationId}`);
    const runAt = clock() + FAILURE_PAUSE_MS * Math.min(60, 2 ** Math.min(chunk.attempts, 6));
    try {
      await releaseChunk(database, chunk.id, node, runAt);
    } catch (failure) {
      // The lease runs out by itself.
      onError(failure as Error, `giving chunk ${chunk.id} back`);
    }
  }

  private async takeRetries(): Promise<void> {
    if (this.stopped || this.retryGroups.size >= MOST_RETRY_GROUPS) return;
    this.retriesMayBeDue = false;
    const due = await claimRetries(this.deps.database, this.deps.clock(), RETRY_PAGE);
    for (const group of groupByNotification(due)) {
      const work = deliverRetries(this.deps, group)
        .catch((error: Error) =>
          this.deps.onError(error, `retries of notification ${group[0]?.notificationId}`),
        )
        .finally(() => {
          this.retryGroups.delete(group);
          this.wakeForRetries();
        });
      this.retryGroups.set(group, work);
    }
    if (due.length === RETRY_PAGE) this.retriesMayBeDue = true;
  }

  private renew(): void {
    const { database, node, clock, onError } = this.deps;
    const now = clock();
    const renewals = [...this.retryGroups.keys()].map((group) =>
      renewRetries(database, group[0]?.notificationId ?? 0, group.map(deviceOf), now),
    );
    if (this.open.size > 0) renewals.push(renewLeases(database, node, [...this.open.keys()], now));
    Promise.all(renewals).catch((error: Error) => onError(error, 'renewing leases'));
  }
}

function deviceOf({ deviceId }: DueRetry): number {
  return deviceId;
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
