import type {
  Failure,
  Http2Client,
  Http2ClientOptions,
  RequestSource,
  Response,
  ResponseHandler,
} from './client.ts';
import type { Connection, ConnectionOwner, Surroundings } from './connection.ts';
import { Job, JobQueue } from './job.ts';

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 30_000;
/** So often every connection of the pool failed without one answer in between: what waits need not wait on. */
const FUTILE_ROUNDS = 3;
/** What is in flight gets this long to finish when the client is closed. */
const CLOSE_GRACE_MS = 2_000;

export type Dial = (owner: ConnectionOwner) => Connection;

/** Several connections to one origin behind the `Http2Client` interface; knows nothing of frames. */
export class Pool implements Http2Client, ConnectionOwner {
  private readonly options: Http2ClientOptions;
  private readonly dial: Dial;
  private readonly surroundings: Surroundings;
  private readonly connections: Connection[] = [];
  private readonly queue = new JobQueue();
  private readonly connectWaiters: ((reason: string | null) => void)[] = [];
  private readonly closeWaiters: (() => void)[] = [];
  private timer: NodeJS.Timeout | null = null;
  private unfinished = 0;
  private failures = 0;
  private retryAt = 0;
  private lastReason = 'no connection';
  /** Set by every begin and answer, read by the tick: no clock on the hot path. */
  private moved = false;
  private movedAt = 0;
  private closed = false;

  constructor(options: Http2ClientOptions, dial: Dial, surroundings: Surroundings) {
    if (options.connections < 1 || options.maxStreams < 1) {
      throw new RangeError('an HTTP/2 client needs at least one connection and one stream');
    }
    this.options = options;
    this.dial = dial;
    this.surroundings = surroundings;
  }

  async connect(): Promise<void> {
    if (this.closed) throw new Error('the client is closed');
    while (this.usable() < this.options.connections) this.open();
    const reason = await new Promise<string | null>((resolve) => {
      this.connectWaiters.push(resolve);
      this.settleConnect();
    });
    if (reason !== null) throw new Error(reason);
  }

  send(source: RequestSource, handler: ResponseHandler): Promise<void> {
    if (source.count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const job = new Job(source, handler, () => {
        this.unfinished--;
        if (this.unfinished === 0) this.timer?.unref();
        resolve();
      });
      this.unfinished++;
      if (this.closed) this.failWaiting([job], 'the client is closed');
      else this.enqueue(job);
    });
  }

  renew(): void {
    for (const connection of [...this.connections]) {
      if (connection.state === 'opening') connection.destroy('renewed');
      else connection.drain();
    }
    this.pump();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.failWaiting(this.queue.clear(), 'the client is closed');
    this.renew();
    if (this.connections.length > 0) {
      const grace = setTimeout(() => this.destroyAll('the client is closed'), CLOSE_GRACE_MS);
      await new Promise<void>((resolve) => this.closeWaiters.push(resolve));
      clearTimeout(grace);
    }
    this.stopTimer();
  }

  onOpen(): void {
    this.settleConnect();
    this.pump();
  }

  onRoom(): void {
    this.pump();
  }

  onResponse(job: Job, index: number, response: Response): void {
    this.moved = true;
    this.failures = 0;
    job.answer(index, response);
  }

  onFailure(job: Job, index: number, failure: Failure, requeueLimit: number): void {
    const again = !this.closed && failure.certainty === 'unprocessed' && job.requeue(index, requeueLimit);
    if (again) this.queue.add(job);
    else job.fail(index, failure);
  }

  onClosed(connection: Connection, reason: string, served: boolean): void {
    const position = this.connections.indexOf(connection);
    if (position >= 0) this.connections.splice(position, 1);
    this.lastReason = reason;
    if (!served) this.backOff();
    if (this.failures >= FUTILE_ROUNDS * this.options.connections)
      this.failWaiting(this.queue.clear(), reason);
    this.settleConnect();
    if (this.connections.length === 0) for (const resolve of this.closeWaiters.splice(0)) resolve();
    this.pump();
  }

  private enqueue(job: Job): void {
    if (this.queue.isEmpty) this.movedAt = this.surroundings.now();
    this.queue.add(job);
    this.startTimer();
    this.pump();
  }

  private pump(): void {
    while (!this.queue.isEmpty) {
      const connection = this.leastLoaded();
      if (connection === null) break;
      const job = this.queue.turn();
      const index = job.take();
      this.queue.taken(job);
      this.moved = true;
      connection.begin(job, index);
    }
    this.openOnDemand();
  }

  private leastLoaded(): Connection | null {
    let best: Connection | null = null;
    for (const connection of this.connections) {
      if (connection.hasRoom && (best === null || connection.inFlight < best.inFlight)) best = connection;
    }
    return best;
  }

  private usable(): number {
    let count = 0;
    for (const { state } of this.connections) if (state === 'opening' || state === 'open') count++;
    return count;
  }

  private opening(): number {
    return this.connections.reduce((count, { state }) => count + (state === 'opening' ? 1 : 0), 0);
  }

  /** As many new connections as there are requests waiting, up to the pool's size. */
  private openOnDemand(): void {
    if (this.queue.isEmpty || this.closed || this.surroundings.now() < this.retryAt) return;
    const missing = this.options.connections - this.usable();
    if (missing <= 0) return;
    const wanted = Math.min(missing, this.queue.waiting(this.options.connections) - this.opening());
    for (let opened = 0; opened < wanted; opened++) this.open();
  }

  private open(): void {
    this.startTimer();
    this.connections.push(this.dial(this));
  }

  private backOff(): void {
    // Whoever waits for a connection sees at least one more attempt: a server that is back is not missed.
    const mostMs = Math.min(LONGEST_BACKOFF_MS, this.options.connectTimeoutMs / 2);
    const longest = Math.min(mostMs, FIRST_BACKOFF_MS * 2 ** this.failures);
    this.failures++;
    this.retryAt = this.surroundings.now() + longest * (0.5 + this.surroundings.random() / 2);
  }

  private settleConnect(): void {
    if (this.opening() > 0) return;
    const opened = this.connections.some(({ state }) => state === 'open');
    for (const resolve of this.connectWaiters.splice(0)) resolve(opened ? null : this.lastReason);
  }

  private tick(): void {
    const now = this.surroundings.now();
    for (const connection of [...this.connections]) connection.tick(now);
    this.pump();
    if (this.queue.isEmpty || this.moved) this.movedAt = now;
    this.moved = false;
    this.giveUpWaiting(now);
  }

  private giveUpWaiting(now: number): void {
    const { requestTimeoutMs, connectTimeoutMs } = this.options;
    const open = this.connections.some(({ state }) => state === 'open');
    const limit = open ? requestTimeoutMs : connectTimeoutMs;
    if (now - this.movedAt < limit) return;
    this.movedAt = now;
    this.failWaiting(this.queue.clear(), open ? `no stream was free for ${limit} ms` : this.lastReason);
  }

  private failWaiting(jobs: readonly Job[], reason: string): void {
    for (const job of jobs) {
      while (job.waiting > 0) job.fail(job.take(), { certainty: 'unprocessed', reason });
    }
  }

  private destroyAll(reason: string): void {
    for (const connection of [...this.connections]) connection.destroy(reason);
  }

  private startTimer(): void {
    const { requestTimeoutMs, connectTimeoutMs, pingAfterMs } = this.options;
    const period = Math.min(requestTimeoutMs, connectTimeoutMs, pingAfterMs) / 8;
    this.timer ??= setInterval(() => this.tick(), Math.max(5, Math.min(100, period)));
    if (this.unfinished > 0) this.timer.ref();
    else this.timer.unref();
  }

  private stopTimer(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }
}
