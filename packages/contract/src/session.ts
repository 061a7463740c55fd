import { z } from 'zod';
import { storableText } from './text.ts';

export const username = storableText(256, 1);
const password = storableText(1_024, 1);
export const newPassword = storableText(1_024, 8);

export const SignIn = z
  .strictObject({
    username,
    password,
    /** True for browsers: the login comes as a cookie that no script can read, and not as a token. */
    cookie: z.boolean().default(false),
    /** What the login is recognised by later; left out: what the User-Agent says. */
    device: storableText(128).optional(),
  })
  .meta({ id: 'SignIn' });
export const Me = z
  .object({ id: z.int(), username: z.string(), isAdmin: z.boolean(), isAuditor: z.boolean() })
  .meta({ id: 'Me' });
export const Session = z
  .object({
    /** Left out when the login is in the cookie. */
    token: z.string().optional(),
    expiresAt: z.iso.datetime(),
    user: Me,
  })
  .meta({ id: 'Session' });
export const SessionRecord = z
  .object({
    id: z.uuid(),
    device: z.string(),
    /** From where it was signed in, and from where it was used last. */
    address: z.string(),
    lastAddress: z.string(),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
    expiresAt: z.iso.datetime(),
    isCurrent: z.boolean(),
  })
  .meta({ id: 'SessionRecord' });
export const SessionList = z.object({ items: z.array(SessionRecord) }).meta({ id: 'SessionList' });
export const PasswordChange = z
  .strictObject({ current: password, next: newPassword })
  .meta({ id: 'PasswordChange' });
