/** What signing in, and showing a login or a key, may come to. */
import type { Caller, User } from './caller.ts';

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
  /** Too many failed before; the password was not looked at. */
  | { readonly kind: 'delayed'; readonly retryAfterSeconds: number };

/** `detail` is the Notify API's own text. */
export type Authentication =
  | Caller
  | { readonly kind: 'inactive' }
  | { readonly kind: 'refused'; readonly detail: string };

export type PasswordAnswer =
  | { readonly kind: 'changed' | 'wrong' }
  | { readonly kind: 'delayed'; readonly retryAfterSeconds: number };
