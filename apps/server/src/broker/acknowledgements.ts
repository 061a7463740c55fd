/** PUBACKs of devices, taken out of the outbox in batches. What the database did not take is tried again. */
import type { Queryable } from '../store/database.ts';
import { acknowledge, type OutboxKey } from '../store/mqtt-outbox.ts';

export interface Acknowledgements {
  add(key: OutboxKey): void;
  /** Resolves when everything added so far is gone from the outbox, or the queue was stopped. */
  settled(): Promise<void>;
  /** One last attempt; what it does not reach is delivered once more after the next start. */
  stop(): Promise<void>;
}

export interface AcknowledgementDeps {
  readonly database: Queryable;
  readonly onSettled: (keys: readonly OutboxKey[]) => void;
  readonly onError: (error: Error) => void;
}

const RETRY_MS = 1_000;
const MOST_AT_ONCE = 1_000;

export function createAcknowledgements(deps: AcknowledgementDeps): Acknowledgements {
  let waiting: OutboxKey[] = [];
  let running: Promise<void> | null = null;
  let retry: NodeJS.Timeout | null = null;
  let stopped = false;
  let idle: (() => void)[] = [];

  const flush = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MOST_AT_ONCE);
      await acknowledge(deps.database, batch);
      waiting = waiting.slice(batch.length);
      deps.onSettled(batch);
    }
  };
  const tellIdle = () => {
    for (const done of idle) done();
    idle = [];
  };
  const run = (): Promise<void> => {
    running ??= flush()
      .then(tellIdle, (error: Error) => {
        deps.onError(error);
        if (stopped) tellIdle();
        else retry = setTimeout(resume, RETRY_MS);
      })
      .finally(() => {
        running = null;
        if (waiting.length > 0 && !retry && !stopped) void run();
      });
    return running;
  };
  const resume = () => {
    retry = null;
    void run();
  };
  return {
    add(key) {
      waiting.push(key);
      // One turn of the loop later, so that what came in one packet leaves in one statement.
      if (waiting.length === 1 && !retry) setImmediate(() => void run());
    },
    settled: () =>
      waiting.length === 0 || stopped ? Promise.resolve() : new Promise((done) => idle.push(done)),
    async stop() {
      stopped = true;
      if (retry) clearTimeout(retry);
      retry = null;
      await running;
      await run();
    },
  };
}
