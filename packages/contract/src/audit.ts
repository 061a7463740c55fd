import { z } from 'zod';
import { Cursor, wholeNumber } from './query.ts';
import { storableText } from './text.ts';

export const AuditEntry = z
  .object({
    id: z.int(),
    at: z.iso.datetime(),
    node: z.string(),
    actor: z.enum(['user', 'key', 'system', 'anonymous']),
    actorId: z.int().nullable(),
    actorName: z.string(),
    /** From where. */
    address: z.string(),
    requestId: z.string().nullable(),
    action: z.string(),
    outcome: z.enum(['done', 'refused']),
    subject: z.string(),
    subjectId: z.string().nullable(),
    subjectName: z.string(),
    /** What changed; secrets are never in it. */
    before: z.record(z.string(), z.unknown()).nullable(),
    after: z.record(z.string(), z.unknown()).nullable(),
    /** Why it was refused. */
    detail: z.string().nullable(),
    /** How often the same was refused within about a second. */
    times: z.int(),
  })
  .meta({ id: 'AuditEntry' });
export const AuditPage = z
  .object({ items: z.array(AuditEntry), nextCursor: z.string().nullable() })
  .meta({ id: 'AuditPage' });

export const AuditFilter = z.object({
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
  /** The name of the user or key. */
  actor: storableText(256).optional(),
  /** `user.create`, or with a final dot all that begin so: `user.` */
  action: storableText(64).optional(),
  outcome: z.enum(['done', 'refused']).optional(),
  subject: storableText(64).optional(),
  subjectId: storableText(64).optional(),
});
export const AuditQuery = AuditFilter.extend({
  limit: wholeNumber(1, 500).default(100),
  cursor: Cursor.optional(),
});
