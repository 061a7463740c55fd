/**
 * The live stream's hub. Listeners are not sent what passes by: when something was accepted, one query reads
 * what is new for all connected users, so that a listener sees exactly its inbox, whichever node wrote it.
 */
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../store/database.ts';
import { type InboxItem, inboxItemsAbove, newestInboxId } from '../store/inbox-item.ts';
import { endedTokens } from '../store/login-token.ts';

export type LiveEvent =
  | { readonly type: 'notification'; readonly item: InboxItem }
  | { readonly type: 'inbox'; readonly id: number | null; readonly status: 'read' | 'unread' | 'deleted' };

/** Who listens, since when, and what is called. */
export interface Ear {
  readonly userId: number;
  readonly tokenId: string;
  /** Starts after this one, or with what comes from now on when null. */
  readonly lastId: number | null;
  readonly onEvent: (event: LiveEvent) => void;
  /** The login has ended; nothing more is heard. */
  readonly onEnd: () => void;
}

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

interface Listener extends Ear {
  readonly seen: Set<number>;
  floor: number;
  nextFloor: number;
  highest: number;
}

const DEBOUNCE_MS = 15;
/** What could not be read is read again after this time. */
const AGAIN_MS = 1_000;
/** So long a stream outlives its login when nobody said that it ended: it expired, or the account was deactivated. */
const CHECK_LOGINS_MS = 10_000;
const PAGE = 500;
/** Ids are given before the commit, so a lower id may become visible after a higher one, within this time. */
const OVERLAP_MS = 10_000;

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
        raise();
        await readOnce();
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

  const readOnce = async () => {
    const asked = [...listeners];
    if (asked.length === 0) return;
    const items = await inboxItemsAbove(deps.database, asked, PAGE);
    const byUser = groupByUser(items);
    for (const listener of asked) {
      const mine = byUser.get(listener.userId) ?? [];
      const fresh = mine.filter(
        (item) => !listener.seen.has(item.notification.id) && item.notification.id > listener.floor,
      );
      for (const item of fresh) hand(listener, item);
      if (mine.length >= PAGE && fresh.length > 0) {
        listener.floor = listener.highest;
        again = true;
      }
    }
  };

  const raise = () => {
    if (deps.clock() - lastRaise < OVERLAP_MS) return;
    lastRaise = deps.clock();
    for (const listener of listeners) raiseFloor(listener);
  };

  return {
    async listen(ear) {
      const floor = ear.lastId ?? (await newestInboxId(deps.database, ear.userId));
      const listener: Listener = { ...ear, seen: new Set(), floor, nextFloor: floor, highest: floor };
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

function raiseFloor(listener: Listener): void {
  listener.floor = Math.max(listener.floor, listener.nextFloor);
  listener.nextFloor = listener.highest;
  for (const id of listener.seen) if (id <= listener.floor) listener.seen.delete(id);
}

function hand(listener: Listener, item: InboxItem): void {
  listener.seen.add(item.notification.id);
  listener.highest = Math.max(listener.highest, item.notification.id);
  listener.onEvent({ type: 'notification', item });
}

function groupByUser(items: readonly InboxItem[]): Map<number, InboxItem[]> {
  const groups = new Map<number, InboxItem[]>();
  for (const item of items) {
    const group = groups.get(item.userId);
    if (group) group.push(item);
    else groups.set(item.userId, [item]);
  }
  return groups;
}
