/**
 * The live stream's hub. Listeners are not sent what passes by: when something was accepted, one query reads
 * what is new for all connected users, so that a listener sees exactly its inbox, whichever node wrote it.
 */
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../store/database.ts';
import { type InboxItem, inboxItemsAbove, newestInboxId } from '../store/inbox-item.ts';

export type LiveEvent =
  | { readonly type: 'notification'; readonly item: InboxItem }
  | { readonly type: 'inbox'; readonly id: number | null; readonly status: 'read' | 'unread' | 'deleted' };

export interface LiveHub {
  /** Starts after `lastId`, or with what comes from now on when null. Returns the function that stops it. */
  listen(userId: number, lastId: number | null, onEvent: (event: LiveEvent) => void): Promise<() => void>;
  /** Something may be new for somebody. */
  wake(): void;
  /** The user changed a mark; tells the user's other listeners on this node. */
  marked(userId: number, id: number | null, status: 'read' | 'unread' | 'deleted'): void;
  readonly listeners: number;
  stop(): void;
}

interface Listener {
  readonly userId: number;
  readonly onEvent: (event: LiveEvent) => void;
  readonly seen: Set<number>;
  floor: number;
  nextFloor: number;
  highest: number;
}

const DEBOUNCE_MS = 15;
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
    } finally {
      reading = false;
    }
  };

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
    async listen(userId, lastId, onEvent) {
      const floor = lastId ?? (await newestInboxId(deps.database, userId));
      const listener: Listener = {
        userId,
        onEvent,
        seen: new Set(),
        floor,
        nextFloor: floor,
        highest: floor,
      };
      listeners.add(listener);
      await read();
      return () => listeners.delete(listener);
    },
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
      listeners.clear();
    },
  };
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
