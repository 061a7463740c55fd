import { z } from 'zod';
import { storableText } from './text.ts';

/** What is removed with an account, and what stays. */
export const Removal = z
  .object({
    username: z.string(),
    devices: z.int(),
    subscriptions: z.int(),
    logins: z.int(),
    keys: z.int(),
    inboxEntries: z.int(),
    /** Of those. */
    unread: z.int(),
    groups: z.array(z.string()),
    /** They stay; without an owner only administrators manage them. */
    services: z.array(z.object({ id: z.uuid(), category: z.string(), isOnlyOwner: z.boolean() })),
    /** Then it cannot be deleted. */
    isLastAdministrator: z.boolean(),
    /** To delete it oneself: the password is kept by this server. */
    needsPassword: z.boolean(),
    stays: z.array(z.object({ what: z.enum(['delivery-log', 'audit-log']), as: z.string() })),
  })
  .meta({ id: 'Removal' });

export const OwnRemoval = z
  .strictObject({
    /** The current one; needed when this server keeps it. */
    password: storableText(1_024).default(''),
  })
  .meta({ id: 'OwnRemoval' });
