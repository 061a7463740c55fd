import { expect, test } from 'vitest';
import { anItem } from '../../test/builders.ts';
import { countNewUnread, findItem, type Inbox, withArrived, withMark } from './inbox-cache.ts';

const inboxOf = (...pages: number[][]): Inbox => ({
  pages: pages.map((ids) => ({ items: ids.map((id) => anItem({ id })), nextCursor: null })),
  pageParams: pages.map(() => null),
});
const idsOf = (inbox: Inbox) => inbox.pages.map(({ items }) => items.map(({ id }) => id));

test('what arrives stands first, newest first, whatever its order on the wire', () => {
  const arrived = [anItem({ id: 8 }), anItem({ id: 9 })];
  expect(idsOf(withArrived(inboxOf([7, 6], [5]), arrived))).toEqual([[9, 8, 7, 6], [5]]);
});

test('what arrives twice is shown once', () => {
  const again = anItem({ id: 5, title: 'changed' });
  const inbox = withArrived(inboxOf([7, 6], [5]), [again, again]);
  expect(idsOf(inbox)).toEqual([[7, 6], [5]]);
  expect(findItem(inbox, 5)?.title).toBe('changed');
});

test('a mark concerns one item, on whatever page it is', () => {
  const inbox = withMark(inboxOf([7, 6], [5]), { id: 5, status: 'read' });
  expect(inbox.pages.flatMap(({ items }) => items).map(({ isRead }) => isRead)).toEqual([false, false, true]);
});

test('a mark without id concerns every item', () => {
  const inbox = withMark(inboxOf([7], [5]), { id: null, status: 'read' });
  expect(inbox.pages.flatMap(({ items }) => items).every(({ isRead }) => isRead)).toBe(true);
});

test('a deleted item is gone', () => {
  expect(idsOf(withMark(inboxOf([7, 6], [5]), { id: 6, status: 'deleted' }))).toEqual([[7], [5]]);
});

test('only unread items that were not there yet raise the unread count, each once', () => {
  const arrived = [anItem({ id: 7 }), anItem({ id: 8 }), anItem({ id: 8 }), anItem({ id: 9, isRead: true })];
  expect(countNewUnread(inboxOf([7, 6]), arrived)).toBe(1);
});
