/** The one way an API v3 request fails on purpose; `renderProblem` turns everything into problem+json (RFC 9457). */
import { ERRORS, type ErrorCode, type Problem } from '@tocsin/contract';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { IngestBusy } from '../../ingest/draft.ts';
import { isNeverSent } from '../../ingest/failure.ts';
import { QueueFull } from '../../lib/batcher.ts';

export class ApiProblem extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  constructor(
    code: ErrorCode,
    detail: string = ERRORS[code].title,
    options: { field?: string; retryAfterSeconds?: number } = {},
  ) {
    super(detail);
    this.name = 'ApiProblem';
    this.code = code;
    this.field = options.field;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Codes Fastify and Node give to requests that never reach a handler. */
const FASTIFY_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid-json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid-json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad-request',
  FST_ERR_BAD_URL: 'bad-request',
  FST_ERR_ASYNC_CONSTRAINT: 'bad-request',
  FST_ERR_MAX_PARAM_LENGTH: 'not-found',
};

function toProblem(error: FastifyError): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [first] = error.validation;
    const path = (first?.instancePath ?? '').replace(/^\//, '').replaceAll('/', '.');
    const field = [error.validationContext, path].filter(Boolean).join('.');
    return new ApiProblem('invalid-input', `${field}: ${first?.message ?? 'is not valid'}`, { field });
  }
  if ((error as Error) instanceof IngestBusy || (error as Error) instanceof QueueFull || isNeverSent(error)) {
    return new ApiProblem('busy', ERRORS.busy.title, { retryAfterSeconds: 1 });
  }
  const code = FASTIFY_CODES[error.code];
  if (code) return new ApiProblem(code, error.message);
  if (error instanceof SyntaxError && error.statusCode === 400)
    return new ApiProblem('invalid-json', error.message);
  if (error.statusCode && error.statusCode < 500) return new ApiProblem('bad-request', error.message);
  return new ApiProblem('internal');
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: ApiProblem): FastifyReply {
  const { status, title } = ERRORS[problem.code];
  if (problem.retryAfterSeconds !== undefined)
    void reply.header('retry-after', String(problem.retryAfterSeconds));
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  const body: Problem = {
    type: `/docs/errors#${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.message,
    ...(problem.field !== undefined && { field: problem.field }),
    requestId: String(request.id),
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
  if (problem.code === 'internal') request.log.error({ err: error }, 'request failed');
  return sendProblem(request, reply, problem);
}
