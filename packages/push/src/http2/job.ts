import type { Failure, RequestSource, Response, ResponseHandler } from './client.ts';

/** One `send()`: what has not been begun yet and how many answers are still owed. */
export class Job {
  readonly source: RequestSource;
  private readonly handler: ResponseHandler;
  private readonly done: () => void;
  private next = 0;
  private unanswered: number;
  /** Indices handed back by a connection that certainly did not act on them. */
  private readonly again: number[] = [];
  private requeues: Uint8Array | null = null;

  constructor(source: RequestSource, handler: ResponseHandler, done: () => void) {
    this.source = source;
    this.handler = handler;
    this.done = done;
    this.unanswered = source.count;
  }

  /** How many requests wait to be begun. */
  get waiting(): number {
    return this.source.count - this.next + this.again.length;
  }

  /** The index to begin next; only to be called while `waiting` is positive. */
  take(): number {
    return this.again.pop() ?? this.next++;
  }

  /** Puts `index` back unless that was done `limit` times already; returns whether it was. */
  requeue(index: number, limit: number): boolean {
    this.requeues ??= new Uint8Array(this.source.count);
    const times = this.requeues[index] ?? 0;
    if (times >= limit) return false;
    this.requeues[index] = times + 1;
    this.again.push(index);
    return true;
  }

  answer(index: number, response: Response): void {
    this.unanswered--;
    this.handler.onResponse(index, response);
    if (this.unanswered === 0) this.done();
  }

  fail(index: number, failure: Failure): void {
    this.unanswered--;
    this.handler.onFailure(index, failure);
    if (this.unanswered === 0) this.done();
  }
}

/** Jobs with waiting requests, one request each in turn, so that a big batch never starves a small one. */
export class JobQueue {
  private readonly ring: Job[] = [];
  private cursor = 0;

  get isEmpty(): boolean {
    return this.ring.length === 0;
  }

  /** Requests waiting in all jobs, counted no further than `limit`. */
  waiting(limit: number): number {
    let sum = 0;
    for (const job of this.ring) {
      sum += job.waiting;
      if (sum >= limit) return limit;
    }
    return sum;
  }

  add(job: Job): void {
    if (job.waiting > 0 && !this.ring.includes(job)) this.ring.push(job);
  }

  /** The job whose turn it is. The caller takes exactly one request and then calls `taken`. */
  turn(): Job {
    if (this.cursor >= this.ring.length) this.cursor = 0;
    const job = this.ring[this.cursor];
    if (job === undefined) throw new Error('turn() of an empty queue');
    return job;
  }

  taken(job: Job): void {
    if (job.waiting > 0) this.cursor++;
    else this.ring.splice(this.cursor, 1);
  }

  /** Removes and returns all jobs. */
  clear(): Job[] {
    return this.ring.splice(0);
  }
}
