/** How the Notify API says no: `{"detail": …}`, in the words its phones and producers know (notify-api.md §1.3). */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { IngestBusy } from '../../ingest/draft.ts';
import { isConnectionLost, isNeverSent } from '../../ingest/failure.ts';
import { QueueFull } from '../../lib/batcher.ts';
import { TooManyRequests } from '../../lib/too-many-requests.ts';

/** One entry of a 422 answer, as pydantic 2 writes it. */
export interface FieldError {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input?: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

export class NotifyFailure extends Error {
  readonly status: number;
  readonly detail: string | readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    detail: string | readonly FieldError[],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(typeof detail === 'string' ? detail : 'the request is not valid');
    this.name = 'NotifyFailure';
    this.status = status;
    this.detail = detail;
    this.headers = headers;
  }
}

export const unprocessable = (...errors: readonly FieldError[]) => new NotifyFailure(422, errors);
export const unreadableBody = () => new NotifyFailure(400, 'There was an error parsing the body');

export function renderNotifyFailure(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const failure = answerable(toFailure(error));
  if (failure.status === 500) request.log.error({ err: error }, 'request failed');
  const { status, headers, detail } = failure;
  return reply.status(status).headers(headers).type('application/json').send(JSON.stringify({ detail }));
}

/** A 422 repeats what was sent; nested too deeply for that it is unreadable, as the original has it. */
function answerable(failure: NotifyFailure): NotifyFailure {
  try {
    JSON.stringify(failure.detail);
    return failure;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return unreadableBody();
  }
}

function toFailure(error: FastifyError): NotifyFailure {
  const cause: Error = error;
  if (cause instanceof NotifyFailure) return cause;
  if (cause instanceof TooManyRequests) return new NotifyFailure(429, 'Too many requests', cause.headers);
  if (cause instanceof IngestBusy) return unavailable(cause.retryAfterSeconds);
  if (cause instanceof QueueFull || isNeverSent(cause) || isConnectionLost(cause)) return unavailable(1);
  if (error.statusCode === 413) return new NotifyFailure(413, 'Request Entity Too Large');
  if (error.statusCode !== undefined && error.statusCode < 500)
    return new NotifyFailure(error.statusCode, 'There was an error parsing the body');
  return new NotifyFailure(500, 'Internal Server Error');
}

const unavailable = (seconds: number) =>
  new NotifyFailure(503, 'Service Unavailable', { 'retry-after': String(seconds) });
