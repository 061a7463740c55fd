/** One listener of the live stream, and how it is given what is new in its inbox. */
import type { Queryable } from '../store/database.ts';
import { findInboxItems, type InboxEntry, type InboxItem, inboxIdsAbove } from '../store/inbox-item.ts';
import { formatPosition, type Position } from './position.ts';

export type LiveEvent =
  | { readonly type: 'notification'; readonly item: InboxItem; readonly position: string }
  | { readonly type: 'inbox'; readonly id: number | null; readonly status: 'read' | 'unread' | 'deleted' };

/** Who listens, since when, and what is called. */
export interface Ear {
  readonly userId: number;
  readonly tokenId: string;
  /** Starts after this, or with what comes from now on when null. */
  readonly since: Position | null;
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

export function newListener(ear: Ear, { highest, floor, seen }: Position): Listener {
  return { ...ear, seen: new Set(seen), floor, nextFloor: floor, highest, stalled: false };
}

/**
 * What may still become visible below the highest that was given stays above the floor. `oldestFanout` is the oldest
 * notification whose audience is still being written.
 */
export function raiseFloor(listener: Listener, oldestFanout: number): void {
  // What it was not given yet may lie below the highest that it was given.
  if (listener.stalled) return;
  listener.floor = Math.max(listener.floor, Math.min(listener.nextFloor, oldestFanout - 1));
  listener.nextFloor = listener.highest;
  for (const id of listener.seen) if (id <= listener.floor) listener.seen.delete(id);
}

/** Gives each listener the next slice of what is new for it; true when there is more for one that can take it. */
export async function feed(
  database: Queryable,
  listeners: readonly Listener[],
  oldestFanout: number,
): Promise<boolean> {
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
    listener.stalled = !slice.every(({ userId, id }) =>
      hand(listener, id, items.get(`${userId} ${id}`), oldestFanout),
    );
    if (listener.stalled || slice.length === 0) continue;
    if (isFull && rest <= 0) turnPage(listener, oldestFanout);
    more ||= isFull || rest > 0;
  }
  return more;
}

/** Rather misses what a fan-out still writes far below than shows the same page for ever. */
function turnPage(listener: Listener, oldestFanout: number): void {
  const floor = Math.min(listener.highest, oldestFanout - 1);
  listener.floor = floor > listener.floor ? floor : listener.highest;
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
function hand(listener: Listener, id: number, item: InboxItem | undefined, oldestFanout: number): boolean {
  if (!listener.isReady()) return false;
  listener.seen.add(id);
  listener.highest = Math.max(listener.highest, id);
  const position = positionOf(listener, oldestFanout);
  if (item) listener.onEvent({ type: 'notification', item, position });
  return true;
}

function positionOf({ highest, floor, seen }: Listener, oldestFanout: number): string {
  return oldestFanout > highest ? String(highest) : formatPosition({ highest, floor, seen: [...seen] });
}
