import { z } from 'zod';
import { storableText } from './text.ts';

export const PriorityName = z.enum(['low', 'normal', 'high', 'critical']);

export const Action = z
  .object({
    id: storableText(64, 1),
    title: storableText(64, 1),
    url: storableText(2_048).optional(),
  })
  .meta({ id: 'Action' });

const collapseKey = storableText(64).refine((text) => new TextEncoder().encode(text).length <= 64, {
  message: 'must be at most 64 bytes of UTF-8',
});

/** A payload holds 4 KiB; what does not fit in it would be seen in the inbox only. */
const MOST_DATA_ENTRIES = 64;

/**
 * What a publisher sends. Only the title is needed. Unknown fields are refused: a misspelt `priority` would go out as
 * normal, and `userIds` sent to a service would tell all its subscribers.
 */
export const PublishNotification = z
  .strictObject({
    title: storableText(1_024, 1),
    subtitle: storableText(4_096).default(''),
    body: storableText(32_768).default(''),
    url: storableText(2_048).default(''),
    priority: PriorityName.default('normal'),
    /** Seconds during which it is still worth delivering; 0: now or never. */
    ttlSeconds: z.int().min(0).max(2_419_200).default(86_400),
    collapseKey: collapseKey.nullable().default(null),
    actions: z.array(Action).max(3).default([]),
    data: z
      .record(storableText(64), storableText(1_024))
      .refine((data) => Object.keys(data).length <= MOST_DATA_ENTRIES, {
        message: `must have at most ${MOST_DATA_ENTRIES} entries`,
      })
      .default({}),
  })
  .meta({ id: 'PublishNotification' });
export type PublishNotification = z.infer<typeof PublishNotification>;

export const AddressedNotification = PublishNotification.extend({
  userIds: z.array(z.int().positive()).max(1_000).default([]),
  deviceIds: z.array(z.int().positive()).max(1_000).default([]),
})
  .refine((message) => message.userIds.length + message.deviceIds.length > 0, {
    message: 'userIds or deviceIds must name somebody',
    path: ['userIds'],
  })
  .meta({ id: 'AddressedNotification' });

export const AcceptedNotification = z
  .object({ id: z.int(), uuid: z.uuid(), createdAt: z.iso.datetime() })
  .meta({ id: 'AcceptedNotification' });

export const DeliveryStateName = z.enum([
  'pending',
  'accepted',
  'gone',
  'refused',
  'retry',
  'expired',
  'received',
  'displayed',
  'opened',
  'dismissed',
]);

export const DeliveryLog = z
  .object({
    items: z.array(
      z.object({
        deviceId: z.int(),
        userId: z.int(),
        state: DeliveryStateName,
        events: z.array(
          z.object({
            event: z.string(),
            reason: z.string().nullable(),
            providerId: z.string().nullable(),
            node: z.string(),
            at: z.iso.datetime(),
          }),
        ),
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'DeliveryLog' });

export const DeliveryCounts = z
  .object({
    notificationId: z.int(),
    devices: z.int(),
    waitingChunks: z.int(),
    states: z.record(z.string(), z.int()),
  })
  .meta({ id: 'DeliveryCounts' });
