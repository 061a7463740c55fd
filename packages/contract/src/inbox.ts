import { z } from 'zod';
import { Action, PriorityName } from './notification.ts';
import { Cursor, wholeNumber } from './query.ts';

export const InboxItem = z
  .object({
    id: z.int(),
    uuid: z.uuid(),
    serviceId: z.uuid().nullable(),
    category: z.string(),
    color: z.string(),
    title: z.string(),
    subtitle: z.string(),
    body: z.string(),
    url: z.string(),
    priority: PriorityName,
    actions: z.array(Action),
    data: z.record(z.string(), z.string()),
    createdAt: z.iso.datetime(),
    isRead: z.boolean(),
  })
  .meta({ id: 'InboxItem' });
export type InboxItem = z.infer<typeof InboxItem>;

export const InboxPage = z
  .object({ items: z.array(InboxItem), nextCursor: z.string().nullable() })
  .meta({ id: 'InboxPage' });

export const InboxQuery = z.object({
  limit: wholeNumber(1, 500).default(50),
  cursor: Cursor.optional(),
  service: z.uuid().optional(),
  unread: z.enum(['true', 'false']).default('false'),
});

export const InboxMark = z
  .strictObject({ status: z.enum(['read', 'unread', 'deleted']) })
  .meta({ id: 'InboxMark' });
export const UnreadCount = z.object({ count: z.int() }).meta({ id: 'UnreadCount' });
