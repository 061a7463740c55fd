/** What live events do to the list on the screen. Pure: every function returns new data, or the same when nothing changed. */
import type { InfiniteData } from '@tanstack/react-query';
import type { InboxItem, InboxPage, InboxStatus } from '../api/types.ts';

export type Inbox = InfiniteData<InboxPage, string | null>;

/** `id` null means every item, as in the live stream. */
export interface InboxMark {
  readonly id: number | null;
  readonly status: InboxStatus;
}

/** Puts arrived items where they belong, newest first; an item that is already there is replaced. */
export function withArrived(inbox: Inbox, arrived: readonly InboxItem[]): Inbox {
  const fresh = new Map(arrived.map((item) => [item.id, item]));
  const pages = inbox.pages.map((page) => ({
    ...page,
    items: page.items.map((item) => take(fresh, item.id) ?? item),
  }));
  const [first, ...rest] = pages;
  if (!first) return inbox;
  const items = [...fresh.values(), ...first.items].sort((a, b) => b.id - a.id);
  return { ...inbox, pages: [{ ...first, items }, ...rest] };
}

function take(items: Map<number, InboxItem>, id: number): InboxItem | undefined {
  const item = items.get(id);
  items.delete(id);
  return item;
}

export function withMark(inbox: Inbox, mark: InboxMark): Inbox {
  const pages = inbox.pages.map((page) => ({
    ...page,
    items: page.items
      .filter((item) => !(mark.status === 'deleted' && concerns(mark, item)))
      .map((item) => markItem(item, mark)),
  }));
  return { ...inbox, pages };
}

export function markItem(item: InboxItem, mark: InboxMark): InboxItem {
  if (mark.status === 'deleted' || !concerns(mark, item)) return item;
  const isRead = mark.status === 'read';
  return item.isRead === isRead ? item : { ...item, isRead };
}

function concerns(mark: InboxMark, item: InboxItem): boolean {
  return mark.id === null || mark.id === item.id;
}

export function findItem(inbox: Inbox | undefined, id: number): InboxItem | undefined {
  return inbox?.pages.flatMap(({ items }) => items).find((item) => item.id === id);
}

/** Items of one burst that the list does not have yet and that are unread: what the unread count grows by. */
export function countNewUnread(inbox: Inbox | undefined, arrived: readonly InboxItem[]): number {
  const ids = new Set(arrived.filter(({ isRead }) => !isRead).map(({ id }) => id));
  return [...ids].filter((id) => !findItem(inbox, id)).length;
}
