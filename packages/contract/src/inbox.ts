import { z } from 'zod';
import { Action, PriorityName } from './notification.ts';

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
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z
    .string()
    .regex(/^[0-9]{1,15}$/, 'must be a cursor this API gave')
    .optional(),
  service: z.uuid().optional(),
  unread: z.enum(['true', 'false']).default('false'),
});

export const InboxMark = z
  .object({ status: z.enum(['read', 'unread', 'deleted']) })
  .meta({ id: 'InboxMark' });
export const UnreadCount = z.object({ count: z.int() }).meta({ id: 'UnreadCount' });
