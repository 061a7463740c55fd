/**
 * The one error table of API v3. Every answer that is not 2xx is application/problem+json (RFC 9457) with one of
 * these codes. The server shows the table at /docs/errors; docs/errors.md repeats it and a test keeps the two equal.
 */
import { z } from 'zod';

interface KnownError {
  readonly status: number;
  readonly title: string;
  /** What the caller should do. */
  readonly advice: string;
}

export const ERRORS = {
  'invalid-input': {
    status: 422,
    title: 'A field does not follow its rule',
    advice: 'Correct what `faults` names: each has the field, the rule and, unless it is secret, the value.',
  },
  'invalid-json': {
    status: 400,
    title: 'The body is not valid JSON',
    advice: 'Send one JSON value in UTF-8; the detail says where it breaks.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body must be sent as application/json, in UTF-8 and not compressed',
    advice: 'Set `Content-Type: application/json` and leave `Content-Encoding` out.',
  },
  'too-large': {
    status: 413,
    title: 'The body is too large',
    advice: 'Send at most 1 MiB.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The address and the headers are too large',
    advice: 'Keep the request line and all headers together below 16 KiB.',
  },
  'bad-request': {
    status: 400,
    title: 'The request is malformed',
    advice: 'Correct the request; this is not HTTP as RFC 9112 has it.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request did not arrive in time',
    advice: 'Send it again, whole, on a new connection.',
  },
  'not-authenticated': {
    status: 401,
    title: 'A valid login is needed',
    advice: 'Sign in with `POST /api/v3/sessions` and send `Authorization: Bearer <token>`, or send a key.',
  },
  'wrong-credentials': {
    status: 401,
    title: 'Wrong user name or password',
    advice: 'Ask the person again.',
  },
  'too-many-attempts': {
    status: 429,
    title: 'Too many sign-ins failed; the next must wait',
    advice:
      'Wait for the seconds in `Retry-After`, at most 60; until then even the right password is refused.',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too many requests in a minute',
    advice: 'Wait for the seconds in `Retry-After`, and send less: the limit is in `RateLimit-Policy`.',
  },
  'not-allowed': {
    status: 403,
    title: 'This login or key may not do that',
    advice: 'The detail says what is needed: another role, a login, or a key with another scope.',
  },
  'cross-site': {
    status: 403,
    title: 'The login of the cookie is only for pages of this server',
    advice: 'Send the request from a page of this server, or with `Authorization` instead of the cookie.',
  },
  'publisher-not-allowed': {
    status: 403,
    title: 'Publishing to this service is not allowed from here',
    advice: 'Send the key of the service in `X-Service-Key`, or publish from one of the publishing networks.',
  },
  'inactive-user': {
    status: 403,
    title: 'The account is deactivated',
    advice: 'Ask an administrator to activate it.',
  },
  'unknown-receipt-token': {
    status: 403,
    title: 'The receipt token was not issued by this server',
    advice: 'Send the token of the push as it came; do not repeat the request.',
  },
  'not-found': {
    status: 404,
    title: 'There is no such thing',
    advice: 'Check the address and the id in it; it may have been deleted.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This address does not take that method',
    advice: 'Use one of the methods in the `Allow` header.',
  },
  'idempotency-conflict': {
    status: 409,
    title: 'The idempotency key was used for something else',
    advice: 'Use a new key for every new notification, and the same key only for the very same request.',
  },
  'user-exists': {
    status: 409,
    title: 'There is a user of that name already',
    advice: 'Choose another name, or change the user there is.',
  },
  'group-exists': {
    status: 409,
    title: 'There is a group of that name already, here or where it comes from',
    advice: 'Choose another name, or use the group there is.',
  },
  'external-group': {
    status: 409,
    title: 'Who belongs to this group is decided elsewhere',
    advice: 'Change it in the directory or at the OpenID provider; it counts from the next sign-in on.',
  },
  'set-up-by-settings': {
    status: 409,
    title: 'The settings of the server name files for this provider',
    advice: 'Change the files, or take them out of the settings to give the credentials here.',
  },
  'unknown-code': {
    status: 404,
    title: 'There is no such code',
    advice: 'Copy the whole link, or ask for a new one. Guesses are slowed down.',
  },
  'used-code': {
    status: 410,
    title: 'The code was used before',
    advice: 'Sign in; if it was not you who used it, tell an administrator at once.',
  },
  'expired-code': {
    status: 410,
    title: 'The code has expired, or a newer one took its place',
    advice: 'Ask for a new one.',
  },
  'password-elsewhere': {
    status: 409,
    title: 'Another server keeps the password of this account',
    advice: 'Change it in the directory or at the provider that vouches for the account.',
  },
  'has-password': {
    status: 409,
    title: 'This person has chosen a password already',
    advice: 'Make a reset link instead.',
  },
  'mandatory-service': {
    status: 409,
    title: 'This service is mandatory: nobody can unsubscribe',
    advice: 'Ask an owner of the service or an administrator.',
  },
  'last-administrator': {
    status: 409,
    title: 'Nobody would be left to administer the server',
    advice: 'Make somebody else an administrator first.',
  },
  busy: {
    status: 503,
    title: 'The server cannot promise to keep it now; try again',
    advice:
      'Repeat the same request after the seconds in `Retry-After`; an `Idempotency-Key` makes that safe.',
  },
  internal: {
    status: 500,
    title: 'The server failed',
    advice: 'Report it with the `requestId`: the log of the server has the cause under it.',
  },
} as const satisfies Record<string, KnownError>;

export type ErrorCode = keyof typeof ERRORS;

/** One field that does not follow its rule. `value` is left out when it is secret, absent or no simple value. */
export const InputFault = z
  .object({
    field: z.string(),
    rule: z.string(),
    value: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
  })
  .meta({ id: 'InputFault' });
export type InputFault = z.infer<typeof InputFault>;

export const Problem = z
  .object({
    /** Where the code is explained, relative to the server. */
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    /** The first of `faults`. */
    field: z.string().optional(),
    faults: z.array(InputFault).optional(),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

/** The problem's `type` (RFC 9457 §3.1.1): the server explains the code there. */
export function problemType(code: ErrorCode): string {
  return `/docs/errors#${code}`;
}
