import { z } from 'zod';
import { rowId, wholeNumber } from './query.ts';
import { storableText } from './text.ts';

export const PublishPolicy = z.enum(['open', 'network', 'key']);
const color = z.string().regex(/^[0-9a-fA-F]{6}$/, 'must be six hex digits without #');

/** For whom a restricted service is. */
const groupIds = z.array(rowId).max(1_000);

export const Service = z
  .object({
    id: z.uuid(),
    category: z.string(),
    color: z.string(),
    owner: z.string(),
    isSubscribed: z.boolean(),
    publishPolicy: PublishPolicy,
    /** Only its groups, its owners and administrators see it. */
    isRestricted: z.boolean(),
    /** Whoever it is meant for is subscribed, and cannot unsubscribe. */
    isMandatory: z.boolean(),
    /** Whether the caller is one of its owners. */
    isOwned: z.boolean(),
  })
  .meta({ id: 'Service' });
export const ServiceList = z.object({ items: z.array(Service) }).meta({ id: 'ServiceList' });

export const NewService = z
  .strictObject({
    category: storableText(256, 1),
    color,
    owner: storableText(256).default(''),
    publishPolicy: PublishPolicy.default('network'),
    isRestricted: z.boolean().default(false),
    isMandatory: z.boolean().default(false),
    groupIds: groupIds.default([]),
  })
  .meta({ id: 'NewService' });

export const ServiceChange = z
  .strictObject({
    category: storableText(256, 1).optional(),
    color: color.optional(),
    owner: storableText(256).optional(),
    publishPolicy: PublishPolicy.optional(),
    isRestricted: z.boolean().optional(),
    isMandatory: z.boolean().optional(),
    groupIds: groupIds.optional(),
  })
  .meta({ id: 'ServiceChange' });

export const ServiceDetails = Service.extend({
  owners: z.array(z.object({ id: z.int(), username: z.string() })),
  groups: z.array(z.object({ id: z.int(), name: z.string() })),
}).meta({ id: 'ServiceDetails' });

export const Subscriber = z
  .object({
    id: z.int(),
    username: z.string(),
    since: z.iso.datetime(),
    /** The group that gave the subscription; null: the person chose it, or the service is mandatory. */
    groupId: z.int().nullable(),
  })
  .meta({ id: 'Subscriber' });
export const SubscriberPage = z
  .object({ items: z.array(Subscriber), nextCursor: z.string().nullable() })
  .meta({ id: 'SubscriberPage' });
export const SubscriberQuery = z.object({
  limit: wholeNumber(1, 500).default(100),
  /** The id after which the page begins. */
  cursor: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0),
});
