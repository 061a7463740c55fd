/** One listener of the live stream, and how it is given what is new in its inbox. */
import type { Queryable } from '../store/database.ts';
import { findInboxItems, type InboxEntry, type InboxItem, inboxIdsAbove } from '../store/inbox-item.ts';

export type LiveEvent =
  | { readonly type: 'notification'; readonly item: InboxItem }
  | { readonly type: 'inbox'; readonly id: number | null; readonly status: 'read' | 'unread' | 'deleted' };

/** Who listens, since when, and what is called. */
export interface Ear {
  readonly userId: number;
  readonly tokenId: string;
  /** Starts after this one, or with what comes from now on when null. */
  readonly lastId: number | null;
  /** While false, no notification is read for it; it says `wake` when it can take more. */
  readonly isReady: () => boolean;
  readonly onEvent: (event: LiveEvent) => void;
  /** The login has ended; nothing more is heard. */
  readonly onEnd: () => void;
}

export interface Listener extends Ear {
  readonly seen: Set<number>;
  floor: number;
  nextFloor: number;
  highest: number;
  /** It could not take all that was there for it. */
  stalled: boolean;
}

/** Ids that are looked at for one listener at a time. */
const PAGE = 500;
/** Items that are read for one listener at a time: a slow one takes few, and each may be 32 KB. */
const SLICE = 16;

export function newListener(ear: Ear, floor: number): Listener {
  return { ...ear, seen: new Set(), floor, nextFloor: floor, highest: floor, stalled: false };
}

/** What may still become visible below the highest that was given stays above the floor. */
export function raiseFloor(listener: Listener): void {
  // What it was not given yet may lie below the highest that it was given.
  if (listener.stalled) return;
  listener.floor = Math.max(listener.floor, listener.nextFloor);
  listener.nextFloor = listener.highest;
  for (const id of listener.seen) if (id <= listener.floor) listener.seen.delete(id);
}

/** Gives each listener the next slice of what is new for it; true when there is more for one that can take it. */
export async function feed(database: Queryable, listeners: readonly Listener[]): Promise<boolean> {
  const ids = groupByUser(await inboxIdsAbove(database, listeners, PAGE));
  const portions = listeners.map((listener) => {
    const page = ids.get(listener.userId) ?? [];
    const fresh = page.filter(({ id }) => id > listener.floor && !listener.seen.has(id));
    return {
      listener,
      isFull: page.length >= PAGE,
      rest: fresh.length - SLICE,
      slice: fresh.slice(0, SLICE),
    };
  });
  const wanted = portions.flatMap(({ slice }) => slice);
  if (wanted.length === 0) return false;
  const items = new Map((await findInboxItems(database, wanted)).map((item) => [nameOf(item), item]));
  let more = false;
  for (const { listener, isFull, rest, slice } of portions) {
    listener.stalled = !slice.every(({ userId, id }) => hand(listener, id, items.get(`${userId} ${id}`)));
    if (listener.stalled || slice.length === 0) continue;
    if (isFull && rest <= 0) listener.floor = listener.highest;
    more ||= isFull || rest > 0;
  }
  return more;
}

function groupByUser(entries: readonly InboxEntry[]): Map<number, InboxEntry[]> {
  const groups = new Map<number, InboxEntry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.userId);
    if (group) group.push(entry);
    else groups.set(entry.userId, [entry]);
  }
  return groups;
}

const nameOf = ({ userId, notification }: InboxItem) => `${userId} ${notification.id}`;

/** False when the listener does not take it now. An item that is gone meanwhile counts as given. */
function hand(listener: Listener, id: number, item: InboxItem | undefined): boolean {
  if (!listener.isReady()) return false;
  listener.seen.add(id);
  listener.highest = Math.max(listener.highest, id);
  if (item) listener.onEvent({ type: 'notification', item });
  return true;
}
