import { z } from 'zod';

export const SignInMethods = z
  .object({
    items: z.array(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('password') }),
        /** `label` is the operator's text for the button. */
        z.object({ kind: z.literal('oidc'), label: z.string() }),
      ]),
    ),
  })
  .meta({ id: 'SignInMethods' });

/** Why a browser was sent back without a login: the value of `signInError`. */
export const SIGN_IN_FAULTS = [
  /** The person said no at the provider, or was not let in there. */
  'denied',
  /** It took longer than ten minutes, or was begun in another browser. */
  'expired',
  'provider-unreachable',
  'provider-refused',
  /** What the provider said about the person cannot be believed. */
  'invalid-token',
  /** The provider gave no name that an account can have. */
  'no-name',
  /** The account of that name has its password here. */
  'kept-here',
  'inactive',
  'busy',
] as const;
export type SignInFault = (typeof SIGN_IN_FAULTS)[number];

const SOMEWHERE = 'http://tocsin.invalid';

/** A path of this server, and never the way to another. */
export const ReturnPath = z
  .string()
  .max(1_024)
  .refine((path) => isOwnPath(path), 'must be a path on this server, like /messages');

function isOwnPath(path: string): boolean {
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(path) || path.includes('\\')) return false;
  return URL.canParse(path, SOMEWHERE) && new URL(path, SOMEWHERE).origin === SOMEWHERE;
}
