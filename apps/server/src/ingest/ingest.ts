/**
 * The one way in: drafts that arrive together commit together. Nobody is answered before the commit; when the
 * connection breaks during it, the database is asked afterwards whether the batch is there.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createBatcher, QueueFull } from '../lib/batcher.ts';
import type { Clock } from '../lib/clock.ts';
import { findByUuid, insertNotifications, type NewNotification } from '../store/accept.ts';
import type { Database, Queryable } from '../store/database.ts';
import { claimKeys, findKeys, keyName, releaseKeys } from '../store/idempotency.ts';
import { priorityRank } from '../store/notification.ts';
import { type Acceptance, type Draft, type Ingest, IngestBusy } from './draft.ts';
import { isDataError, isNeverSent } from './failure.ts';

export interface IngestDeps {
  readonly database: Database;
  readonly clock: Clock;
  /** Called after each commit that stored something. */
  readonly onAccepted: (count: number) => void;
}

const MAX_BATCH = 500;
const MAX_QUEUE = 20_000;
const LANES = 3;
/** How long a broken commit is looked into before the publisher is told to try again. */
const VERIFY_FOR_MS = 10_000;
const VERIFY_EVERY_MS = 200;

interface Pending {
  readonly draft: Draft;
  readonly row: NewNotification;
}

export interface RunningIngest extends Ingest {
  /** Waits for the commits under way. */
  drain(): Promise<void>;
  readonly waiting: number;
}

export function createIngest(deps: IngestDeps): RunningIngest {
  const batcher = createBatcher<Pending, Acceptance | Error>({
    maxBatch: MAX_BATCH,
    maxQueue: MAX_QUEUE,
    lanes: LANES,
    flush: (batch) => flush(deps, batch),
  });
  return {
    accept: async (draft) => {
      const row = toRow(draft, deps.clock());
      const result = await batcher.add({ draft, row }).catch((error: Error) => {
        throw error instanceof QueueFull ? new IngestBusy('too many notifications wait to be stored') : error;
      });
      if (result instanceof Error) throw result;
      return result;
    },
    drain: () => batcher.drain(),
    get waiting() {
      return batcher.size;
    },
  };
}

function toRow(draft: Draft, now: number): NewNotification {
  return {
    uuid: randomUUID(),
    id: null,
    serviceId: draft.serviceId,
    userIds: draft.userIds,
    deviceIds: draft.deviceIds,
    title: draft.title,
    subtitle: draft.subtitle,
    body: draft.body,
    url: draft.url,
    priority: priorityRank(draft.priority),
    ttlSeconds: draft.ttlSeconds,
    collapseKey: draft.collapseKey,
    actions: JSON.stringify(draft.actions),
    data: JSON.stringify(draft.data),
    source: draft.source,
    createdAt: new Date(now),
  };
}

/** An error in the list is one draft's own: the database can never hold it. */
async function flush(deps: IngestDeps, batch: Pending[]): Promise<(Acceptance | Error)[]> {
  try {
    const answers = await store(deps.database, batch);
    deps.onAccepted(answers.filter((answer) => answer.kind === 'accepted').length);
    return answers;
  } catch (error) {
    if (isNeverSent(error)) throw new IngestBusy('the database is away');
    if (isDataError(error) && batch.length > 1) return flushHalves(deps, batch);
    if (isDataError(error)) return [error as Error];
    return verify(deps, batch, error);
  }
}

/** One notification PostgreSQL cannot store must not take its neighbours down. */
async function flushHalves(deps: IngestDeps, batch: Pending[]): Promise<(Acceptance | Error)[]> {
  const middle = batch.length >> 1;
  const left = await flush(deps, batch.slice(0, middle));
  const right = await flush(deps, batch.slice(middle));
  return [...left, ...right];
}

async function store(database: Database, batch: Pending[]): Promise<Acceptance[]> {
  if (!batch.some((pending) => pending.draft.idempotency)) {
    return answer(
      batch,
      await insertNotifications(
        database,
        batch.map((pending) => pending.row),
      ),
    );
  }
  const ids = await database.transaction((connection) => storeWithKeys(connection, batch));
  return answerRepeats(database, batch, answer(batch, ids));
}

function answer(batch: readonly Pending[], ids: ReadonlyMap<string, number>): Acceptance[] {
  return batch.map(({ row }) => {
    const id = ids.get(row.uuid);
    if (id === undefined) return { kind: 'unknown-service' };
    return { kind: 'accepted', id, uuid: row.uuid, createdAt: row.createdAt, replayed: false };
  });
}

async function storeWithKeys(connection: Queryable, batch: Pending[]): Promise<Map<string, number>> {
  const claims = new Map<string, Pending>();
  for (const pending of batch) {
    const key = pending.draft.idempotency;
    if (key && !claims.has(keyName(key))) claims.set(keyName(key), pending);
  }
  const reserved = await claimKeys(
    connection,
    [...claims.values()].map(({ draft, row }) => ({ ...key(draft), createdAt: row.createdAt })),
  );
  const rows: NewNotification[] = [];
  for (const pending of batch) {
    if (!pending.draft.idempotency) rows.push(pending.row);
    else if (claims.get(keyName(key(pending.draft))) === pending) {
      const id = reserved.get(keyName(key(pending.draft)));
      if (id !== undefined) rows.push({ ...pending.row, id });
    }
  }
  const ids = await insertNotifications(connection, rows);
  const unused = batch.filter(
    ({ draft, row }) => draft.idempotency && reserved.has(keyName(key(draft))) && !ids.has(row.uuid),
  );
  const stored = new Set(rows.filter((row) => ids.has(row.uuid)).map((row) => row.id));
  const orphans = unused.filter(({ draft }) => !stored.has(reserved.get(keyName(key(draft))) ?? null));
  if (orphans.length > 0)
    await releaseKeys(
      connection,
      orphans.map(({ draft }) => key(draft)),
    );
  return ids;
}

function key(draft: Draft) {
  if (!draft.idempotency) throw new TypeError('this draft has no idempotency key');
  return draft.idempotency;
}

/** What was not inserted because its key was taken is answered with the first one's answer. */
async function answerRepeats(
  database: Queryable,
  batch: Pending[],
  answers: Acceptance[],
): Promise<Acceptance[]> {
  const repeats = batch.filter(
    ({ draft }, index) => draft.idempotency && answers[index]?.kind === 'unknown-service',
  );
  if (repeats.length === 0) return answers;
  const kept = await findKeys(
    database,
    repeats.map(({ draft }) => key(draft)),
  );
  return answers.map((given, index) => {
    const idempotency = batch[index]?.draft.idempotency;
    const first =
      idempotency && given.kind === 'unknown-service' ? kept.get(keyName(idempotency)) : undefined;
    if (!first || !idempotency) return given;
    if (!first.hash.equals(idempotency.hash)) return { kind: 'idempotency-conflict' };
    return { kind: 'accepted', id: first.id, uuid: first.uuid, createdAt: first.createdAt, replayed: true };
  });
}

async function verify(deps: IngestDeps, batch: Pending[], cause: unknown): Promise<Acceptance[]> {
  const oldest = new Date(Math.min(...batch.map(({ row }) => row.createdAt.getTime())));
  const uuids = batch.map(({ row }) => row.uuid);
  for (let waited = 0; waited < VERIFY_FOR_MS; waited += VERIFY_EVERY_MS) {
    await delay(VERIFY_EVERY_MS);
    try {
      const ids = await findByUuid(deps.database, uuids, oldest);
      // One statement, one commit: either the whole batch is there or nothing of it.
      if (ids.size === 0) break;
      deps.onAccepted(ids.size);
      return answerRepeats(deps.database, batch, answer(batch, ids));
    } catch (error) {
      if (!isNeverSent(error) && isDataError(error)) throw error;
    }
  }
  throw new IngestBusy(`the database did not confirm the commit (${(cause as Error).message})`);
}
