import { z } from 'zod';

export const SignIn = z
  .object({ username: z.string().min(1).max(256), password: z.string().min(1).max(1_024) })
  .meta({ id: 'SignIn' });
export const Me = z.object({ id: z.int(), username: z.string(), isAdmin: z.boolean() }).meta({ id: 'Me' });
export const Session = z
  .object({ token: z.string(), expiresAt: z.iso.datetime(), user: Me })
  .meta({ id: 'Session' });
export const NewUser = z
  .object({
    username: z
      .string()
      .min(1)
      .max(256)
      .regex(/^[^\s\0:]+$/, 'must not contain blanks or colons'),
    password: z.string().min(8).max(1_024),
    isAdmin: z.boolean().default(false),
  })
  .meta({ id: 'NewUser' });
export const PasswordChange = z
  .object({ current: z.string().min(1).max(1_024), next: z.string().min(8).max(1_024) })
  .meta({ id: 'PasswordChange' });
