import type { Failure, Response } from './client.ts';
import type { Job } from './job.ts';

/** One HTTP/2 connection as the pool sees it. */
export interface Connection {
  /** `draining`: begins nothing new, finishes what is in flight, then closes. */
  readonly state: ConnectionState;
  readonly inFlight: number;
  /** Whether one more request may be begun now. */
  readonly hasRoom: boolean;
  /** Begins a request; only to be called while `hasRoom`. */
  begin(job: Job, index: number): void;
  drain(): void;
  /** Looks after deadlines and liveness; called many times within each of the timeouts. */
  tick(now: number): void;
  destroy(reason: string): void;
}

export type ConnectionState = 'opening' | 'open' | 'draining' | 'closed';

/** What a connection tells the pool. */
export interface ConnectionOwner {
  onOpen(connection: Connection): void;
  /** Something may be begun again, or was handed back. */
  onRoom(): void;
  onResponse(job: Job, index: number, response: Response): void;
  /** An `unprocessed` request is begun again, unless that happened `requeueLimit` times already. */
  onFailure(job: Job, index: number, failure: Failure, requeueLimit: number): void;
  /**
   * Exactly once, after every request in flight was answered or failed. `served`: it answered something, or
   * was closed by us; a connection that did neither counts towards the back-off.
   */
  onClosed(connection: Connection, reason: string, served: boolean): void;
}

/** Time and chance, passed in so that nothing in here reads them by itself. */
export interface Surroundings {
  /** Monotonic milliseconds. */
  now(): number;
  /** At least 0, below 1. */
  random(): number;
}

export const SURROUNDINGS: Surroundings = {
  now: () => performance.now(),
  random: () => Math.random(),
};

/** A refused stream is tried once more (elsewhere, where there is an elsewhere), then reported. */
export const REFUSED_REQUEUES = 1;
/** Requests that met a GOAWAY or a lost connection before they were written; ends a storm of GOAWAYs. */
export const UNSENT_REQUEUES = 5;
/** ms for which a connection that refused a stream begins nothing, so that the repeat goes elsewhere. */
export const REFUSAL_REST_MS = 20;

/**
 * Whether an answer shows that the server trusts our credentials, which lifts "one request at a time" on
 * APNs: it looks at the token first, so that 410 proves as much as 200.
 */
export function provesCredentials(status: number): boolean {
  return status < 500 && status !== 401 && status !== 403 && status !== 429;
}
