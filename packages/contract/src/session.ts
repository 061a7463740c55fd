import { z } from 'zod';
import { storableText } from './text.ts';

export const username = storableText(256, 1);
const password = storableText(1_024, 1);
export const newPassword = storableText(1_024, 8);

export const SignIn = z.strictObject({ username, password }).meta({ id: 'SignIn' });
export const Me = z.object({ id: z.int(), username: z.string(), isAdmin: z.boolean() }).meta({ id: 'Me' });
export const Session = z
  .object({ token: z.string(), expiresAt: z.iso.datetime(), user: Me })
  .meta({ id: 'Session' });
export const PasswordChange = z
  .strictObject({ current: password, next: newPassword })
  .meta({ id: 'PasswordChange' });
