/**
 * Writes outcomes while the rest of the batch is still under way. A crash then repeats what was on its way at that
 * moment, however slow the provider and however large the batch.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Notification } from '@tocsin/push';
import type { Clock } from '../lib/clock.ts';
import { deleteRetries, putRetries } from '../queue/retry.ts';
import type { Database, Queryable } from '../store/database.ts';
import { appendEvents } from '../store/delivery-event.ts';
import { markDevicesGone } from '../store/gone-device.ts';
import { priorityRank } from '../store/notification.ts';
import { type Answers, createLedger, type Ledger } from './outcomes.ts';

export interface JournalDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly node: string;
}

const WRITE_EVERY_MS = 100;
/** How long a database that is away is waited for: what is in memory need not be sent again. */
const PATIENCE_MS = 8_000;
const TRY_EVERY_MS = 200;

export interface JournalWork {
  /** Sends, and records every outcome. */
  readonly send: (ledger: Ledger) => Promise<void>;
  /** Whether the deliveries have rows in the retry queue, to be removed as they are settled. */
  readonly areRetries: boolean;
  /** Runs in the transaction of the last outcomes. */
  readonly finish: (connection: Queryable) => Promise<void>;
}

/** Rejects when `send` does, or when the last outcomes could not be written. */
export async function keepJournal(
  deps: JournalDeps,
  notification: Notification,
  work: JournalWork,
): Promise<void> {
  const ledger = createLedger(deps, notification, work.areRetries);
  const unwritten: Answers[] = [];
  const write = async (finish?: JournalWork['finish']) => {
    if (!ledger.isEmpty) unwritten.push(ledger.take());
    const answers = [...unwritten];
    await deps.database.transaction(async (connection) => {
      for (const part of answers) await writeAnswers(deps, connection, notification, part, work.areRetries);
      await finish?.(connection);
    });
    unwritten.splice(0, answers.length);
  };
  let writing: Promise<void> | null = null;
  const timer = setInterval(() => {
    if (writing || ledger.isEmpty) return;
    // What could not be written now is written with the next.
    writing = write()
      .catch(() => undefined)
      .finally(() => {
        writing = null;
      });
  }, WRITE_EVERY_MS);
  try {
    await work.send(ledger);
  } finally {
    clearInterval(timer);
  }
  await writing;
  await patiently(() => write(work.finish));
}

async function writeAnswers(
  deps: JournalDeps,
  connection: Queryable,
  notification: Notification,
  { rows, retries, settled, gone }: Answers,
  areRetries: boolean,
): Promise<void> {
  const at = new Date(deps.clock());
  const queued = {
    id: notification.id,
    createdAt: new Date(notification.timestamp),
    priority: priorityRank(notification.priority),
  };
  await appendEvents(connection, deps.node, at, rows);
  await putRetries(connection, queued, retries);
  await markDevicesGone(connection, gone, at);
  if (areRetries) await deleteRetries(connection, notification.id, settled);
}

/** Real time, not the clock passed in: it is the database's process that is waited for. */
async function patiently(write: () => Promise<void>): Promise<void> {
  for (let waited = 0; ; waited += TRY_EVERY_MS) {
    try {
      return await write();
    } catch (error) {
      if (waited >= PATIENCE_MS) throw error;
      await delay(TRY_EVERY_MS);
    }
  }
}
