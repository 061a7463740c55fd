/** What signing in, and showing a login or a key, may come to. */
import type { Caller, User } from './caller.ts';

/** Too many failed before; what was shown was not looked at. */
export interface Delayed {
  readonly kind: 'delayed';
  readonly retryAfterSeconds: number;
}

export type SignIn =
  | {
      readonly kind: 'ok';
      readonly token: string;
      readonly expiresAt: Date;
      readonly user: User;
      readonly isFirst: boolean;
    }
  | { readonly kind: 'refused' }
  | { readonly kind: 'inactive' }
  | Delayed;

/** `detail` is the Notify API's own text. */
export type Authentication =
  | Caller
  | { readonly kind: 'inactive' }
  | { readonly kind: 'refused'; readonly detail: string };

export type PasswordAnswer = { readonly kind: 'changed' | 'wrong' } | Delayed;
