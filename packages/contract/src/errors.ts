/**
 * The one error table of API v3. Every answer that is not 2xx is application/problem+json (RFC 9457) with one of
 * these codes; docs/errors.md lists them and a test keeps the two equal.
 */
import { z } from 'zod';

export const ERRORS = {
  'invalid-input': { status: 422, title: 'A field does not follow its rule' },
  'invalid-json': { status: 400, title: 'The body is not valid JSON' },
  'unsupported-media-type': { status: 415, title: 'The body must be sent as application/json' },
  'too-large': { status: 413, title: 'The body is too large' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'bad-request': { status: 400, title: 'The request is malformed' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'not-authenticated': { status: 401, title: 'A valid login is needed' },
  'wrong-credentials': { status: 401, title: 'Wrong user name or password' },
  'not-allowed': { status: 403, title: 'This login may not do that' },
  'publisher-not-allowed': { status: 403, title: 'Publishing to this service is not allowed from here' },
  'inactive-user': { status: 403, title: 'The account is deactivated' },
  'unknown-receipt-token': { status: 403, title: 'The receipt token was not issued by this server' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'This address does not take that method' },
  'idempotency-conflict': { status: 409, title: 'The idempotency key was used for something else' },
  busy: { status: 503, title: 'The server cannot promise to keep it now; try again' },
  internal: { status: 500, title: 'The server failed' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    field: z.string().optional(),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;
