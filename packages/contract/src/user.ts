import { z } from 'zod';
import { wholeNumber } from './query.ts';
import { newPassword, username } from './session.ts';
import { storableText } from './text.ts';

export const NewUser = z
  .strictObject({
    /** Kept in lower case. */
    username,
    /** Left out: the server makes one and shows it once. */
    password: newPassword.optional(),
    isAdmin: z.boolean().default(false),
    /** May read everything and change nothing but the own account. */
    isAuditor: z.boolean().default(false),
  })
  .meta({ id: 'NewUser' });

export const UserAccount = z
  .object({
    id: z.int(),
    username: z.string(),
    isActive: z.boolean(),
    isAdmin: z.boolean(),
    isAuditor: z.boolean(),
    /** Who vouches for the account: this server, the directory, the password URL, the OpenID provider. */
    origin: z.enum(['local', 'ldap', 'url', 'oidc', 'demo']),
    createdAt: z.iso.datetime(),
    firstLoginAt: z.iso.datetime().nullable(),
    /** The password the server made; known only in this answer. */
    password: z.string().optional(),
  })
  .meta({ id: 'UserAccount' });

/** What is left out stays. A new password and a deactivation end all logins of the user. */
export const UserChange = z
  .strictObject({
    isActive: z.boolean().optional(),
    isAdmin: z.boolean().optional(),
    isAuditor: z.boolean().optional(),
    password: newPassword.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, { message: 'must change something' })
  .meta({ id: 'UserChange' });

export const UserPage = z
  .object({ items: z.array(UserAccount), nextCursor: z.string().nullable() })
  .meta({ id: 'UserPage' });

export const UserQuery = z.object({
  limit: wholeNumber(1, 500).default(100),
  /** The name after which the page begins. */
  cursor: storableText(256).optional(),
});
