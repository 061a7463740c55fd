import { z } from 'zod';
import { storableText } from './text.ts';

export const PublishPolicy = z.enum(['open', 'network', 'key']);
const color = z.string().regex(/^[0-9a-fA-F]{6}$/, 'must be six hex digits without #');

export const Service = z
  .object({
    id: z.uuid(),
    category: z.string(),
    color: z.string(),
    owner: z.string(),
    isSubscribed: z.boolean(),
    publishPolicy: PublishPolicy,
  })
  .meta({ id: 'Service' });
export const ServiceList = z.object({ items: z.array(Service) }).meta({ id: 'ServiceList' });

export const NewService = z
  .strictObject({
    category: storableText(256, 1),
    color,
    owner: storableText(256).default(''),
    publishPolicy: PublishPolicy.default('network'),
  })
  .meta({ id: 'NewService' });

export const ServiceChange = z
  .strictObject({
    category: storableText(256, 1).optional(),
    color: color.optional(),
    owner: storableText(256).optional(),
    publishPolicy: PublishPolicy.optional(),
  })
  .meta({ id: 'ServiceChange' });

/** Shown once; only its hash is kept. */
export const ServiceKey = z.object({ key: z.string() }).meta({ id: 'ServiceKey' });
