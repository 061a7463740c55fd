/**
 * The live stream's hub. Listeners are not sent what passes by: when something was accepted, one query reads
 * what is new for all connected users, so that a listener sees exactly its inbox, whichever node wrote it.
 */
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../store/database.ts';
import { inboxIdsAbove, newestInboxId } from '../store/inbox-item.ts';
import { endedTokens } from '../store/login-token.ts';
import { oldestFanout } from '../store/progress.ts';
import { type Ear, feed, type Listener, newListener, raiseFloor } from './listener.ts';
import type { Position } from './position.ts';

export type { LiveEvent } from './listener.ts';

export interface LiveHub {
  /** Resolves with the function that stops it; rejects when the database is away. */
  listen(ear: Ear): Promise<() => void>;
  /** A login may have ended; it is also looked at regularly. */
  checkLogins(): void;
  /** Something may be new for somebody. */
  wake(): void;
  /** The user changed a mark; tells the user's other listeners on this node. */
  marked(userId: number, id: number | null, status: 'read' | 'unread' | 'deleted'): void;
  readonly listeners: number;
  stop(): void;
}

const DEBOUNCE_MS = 15;
/** What could not be read is read again after this time. */
const AGAIN_MS = 1_000;
/** So long a stream outlives its login when nobody said that it ended: it expired, or the account was deactivated. */
const CHECK_LOGINS_MS = 10_000;
/** Ids are given before the commit, so a lower id may become visible after a higher one, within this time. */
const OVERLAP_MS = 10_000;
/** Of what somebody who begins to listen has already, above a fan-out that is under way. */
const MOST_SEEN = 400;

export interface HubDeps {
  readonly database: Queryable;
  readonly clock: Clock;
  readonly onError: (error: Error) => void;
}

export function createHub(deps: HubDeps): LiveHub {
  const listeners = new Set<Listener>();
  let timer: NodeJS.Timeout | null = null;
  let reading = false;
  let again = false;
  let lastRaise = deps.clock();

  const read = async () => {
    timer = null;
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    try {
      do {
        again = false;
        const oldest = listeners.size > 0 ? await oldestFanout(deps.database) : 0;
        await readOnce(oldest);
        // What is still to be given must stay above the floor.
        if (!again) raise(oldest);
      } while (again);
    } catch (error) {
      deps.onError(error as Error);
      timer ??= setTimeout(() => void read(), AGAIN_MS);
    } finally {
      reading = false;
    }
  };

  const checkLogins = () => void endStale(deps, listeners).catch(deps.onError);
  const checks = setInterval(checkLogins, CHECK_LOGINS_MS).unref();

  const readOnce = async (oldest: number) => {
    for (const listener of listeners) listener.stalled = !listener.isReady();
    const asked = [...listeners].filter(({ stalled }) => !stalled);
    if (asked.length > 0) again = (await feed(deps.database, asked, oldest)) || again;
  };

  const raise = (oldest: number) => {
    if (deps.clock() - lastRaise < OVERLAP_MS) return;
    lastRaise = deps.clock();
    for (const listener of listeners) raiseFloor(listener, oldest);
  };

  return {
    async listen(ear) {
      const listener = newListener(ear, ear.since ?? (await presentPosition(deps.database, ear.userId)));
      listeners.add(listener);
      await read();
      return () => listeners.delete(listener);
    },
    checkLogins,
    wake() {
      if (listeners.size > 0) timer ??= setTimeout(() => void read(), DEBOUNCE_MS);
    },
    marked(userId, id, status) {
      for (const listener of listeners)
        if (listener.userId === userId) listener.onEvent({ type: 'inbox', id, status });
    },
    get listeners() {
      return listeners.size;
    },
    stop() {
      if (timer) clearTimeout(timer);
      clearInterval(checks);
      listeners.clear();
    },
  };
}

/** Everything that is in the inbox now, and nothing that a fan-out has yet to write. */
async function presentPosition(database: Queryable, userId: number): Promise<Position> {
  const oldest = await oldestFanout(database);
  const highest = await newestInboxId(database, userId);
  const floor = Math.min(highest, oldest - 1);
  const above = floor < highest ? await inboxIdsAbove(database, [{ userId, floor }], MOST_SEEN) : [];
  return { highest, floor, seen: above.map(({ id }) => id) };
}

/** Ends the listeners whose login has ended. */
async function endStale({ database, clock }: HubDeps, listeners: Set<Listener>): Promise<void> {
  const asked = [...listeners];
  if (asked.length === 0) return;
  const ids = asked.map(({ tokenId }) => tokenId);
  const ended = await endedTokens(database, ids, new Date(clock()));
  for (const listener of asked.filter(({ tokenId }) => ended.has(tokenId))) {
    listeners.delete(listener);
    listener.onEnd();
  }
}
