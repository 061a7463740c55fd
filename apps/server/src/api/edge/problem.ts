/** The one way an API v3 request fails on purpose; `renderProblem` turns everything into problem+json (RFC 9457). */
import { ERRORS, type ErrorCode, type InputFault, type Problem, problemType } from '@tocsin/contract';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { IngestBusy } from '../../ingest/draft.ts';
import { isConnectionLost, isNeverSent } from '../../ingest/failure.ts';
import { QueueFull } from '../../lib/batcher.ts';
import { TooManyRequests } from '../../lib/too-many-requests.ts';

export class ApiProblem extends Error {
  readonly code: ErrorCode;
  readonly faults: readonly InputFault[];
  readonly retryAfterSeconds: number | undefined;
  constructor(
    code: ErrorCode,
    detail: string = ERRORS[code].title,
    options: { faults?: readonly InputFault[]; retryAfterSeconds?: number } = {},
  ) {
    super(detail);
    this.name = 'ApiProblem';
    this.code = code;
    this.faults = options.faults ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Codes Fastify and Node give to requests that never reach a handler, with our own words where theirs repeat the request. */
const FASTIFY_CODES: Record<string, [code: ErrorCode, detail?: string]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['too-large'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad-request', 'The body is not as long as Content-Length says'],
  FST_ERR_BAD_URL: ['bad-request', 'The path has a percent sign that begins no encoded UTF-8'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found', 'There is nothing at this address'],
};

function toProblem(error: FastifyError): ApiProblem {
  const cause: Error = error;
  if (cause instanceof ApiProblem) return cause;
  if (cause instanceof TooManyRequests) return new ApiProblem('too-many-requests', cause.message);
  if (cause instanceof IngestBusy) return busy(cause.retryAfterSeconds);
  if (cause instanceof QueueFull || isNeverSent(cause) || isConnectionLost(cause)) return busy(1);
  const known = FASTIFY_CODES[error.code];
  if (known) return new ApiProblem(...known);
  if (error.statusCode && error.statusCode < 500) return new ApiProblem('bad-request', error.message);
  return new ApiProblem('internal');
}

const busy = (retryAfterSeconds: number) => new ApiProblem('busy', ERRORS.busy.title, { retryAfterSeconds });

/** Somebody guesses: the next attempt must wait. */
export const tooManyAttempts = (retryAfterSeconds: number) =>
  new ApiProblem('too-many-attempts', ERRORS['too-many-attempts'].title, { retryAfterSeconds });

/** What is answered, also where there is no Fastify yet to answer with. */
export function problemBody(code: ErrorCode, detail: string): Problem {
  const { status, title } = ERRORS[code];
  return { type: problemType(code), title, status, code, detail };
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: ApiProblem): FastifyReply {
  const { status } = ERRORS[problem.code];
  const { faults, retryAfterSeconds } = problem;
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  // RFC 9110 §12.5.3: which codings would have been taken.
  if (status === 415) void reply.header('accept-encoding', 'identity');
  const [first] = faults;
  const body: Problem = {
    ...problemBody(problem.code, problem.message),
    ...(first && { field: first.field, faults: [...faults] }),
    requestId: request.id,
  };
  return reply.status(status).type('application/problem+json').send(JSON.stringify(body));
}

/** Error handler of the v3 scope. Logs what is our fault, never what the caller sent. */
export function renderProblem(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = toProblem(error);
  const cause: Error = error;
  if (cause instanceof TooManyRequests) void reply.headers(cause.headers);
  if (problem.code === 'internal') request.log.error({ err: error }, 'request failed');
  return sendProblem(request, reply, problem);
}
