import { z } from 'zod';
import { rowId } from './query.ts';
import { storableText } from './text.ts';

/** What a personal key may do; never more than its person. `admin` includes the others. */
export const Scope = z.enum(['publish', 'signal', 'read', 'admin']);

const name = storableText(128, 1);
const expiresAt = z.iso.datetime({ error: 'must be a time in UTC like 2027-01-31T12:00:00Z' });

export const NewServiceKey = z
  .strictObject({
    name,
    /** Left out: it does not expire. */
    expiresAt: expiresAt.optional(),
  })
  .meta({ id: 'NewServiceKey' });

export const NewPersonalKey = z
  .strictObject({
    name,
    scopes: z.array(Scope).min(1).max(4),
    /** To which services `publish` is limited; left out: all that the person may publish to. */
    serviceIds: z.array(z.uuid('must be a UUID').toLowerCase()).min(1).max(1_000).optional(),
    /** To which monitors `signal` is limited; left out: all of the person. */
    monitorIds: z.array(rowId).min(1).max(1_000).optional(),
    expiresAt: expiresAt.optional(),
  })
  .meta({ id: 'NewPersonalKey' });

/** The old key works for `overlapSeconds` more: time to bring the new one to where it is used. */
export const KeyRotation = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(90 * 86_400),
    /** Of the new key; left out: it does not expire. */
    expiresAt: expiresAt.optional(),
  })
  .meta({ id: 'KeyRotation' });

export const AccessKey = z
  .object({
    id: z.int(),
    name: z.string(),
    /** The beginning of the key, to recognise it by. */
    prefix: z.string(),
    scopes: z.array(Scope),
    serviceIds: z.array(z.uuid()).nullable(),
    monitorIds: z.array(z.int()).nullable(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable(),
    lastAddress: z.string(),
    /** Rotated: the id of the key that takes its place. */
    replacedBy: z.int().nullable(),
    /** The key itself; only in the answer that made it. */
    key: z.string().optional(),
  })
  .meta({ id: 'AccessKey' });
export const AccessKeyList = z.object({ items: z.array(AccessKey) }).meta({ id: 'AccessKeyList' });
