/** How the Notify API says no: `{"detail": …}`, in the words its phones and producers know (notify-api.md §1.3). */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { IngestBusy } from '../../ingest/draft.ts';
import { isNeverSent } from '../../ingest/failure.ts';

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
  constructor(status: number, detail: string | readonly FieldError[]) {
    super(typeof detail === 'string' ? detail : 'the request is not valid');
    this.name = 'NotifyFailure';
    this.status = status;
    this.detail = detail;
  }
}

export const unprocessable = (...errors: readonly FieldError[]) => new NotifyFailure(422, errors);

const FASTIFY_DETAILS: Record<string, [status: number, detail: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'Request Entity Too Large'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'There was an error parsing the body'],
};

export function renderNotifyFailure(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const [status, detail] = describe(error);
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  if (status === 503) void reply.header('retry-after', '1');
  if (status === 500) request.log.error({ err: error }, 'request failed');
  return reply.status(status).type('application/json').send(JSON.stringify({ detail }));
}

function describe(error: FastifyError): [number, string | readonly FieldError[]] {
  const cause: Error = error;
  if (cause instanceof NotifyFailure) return [cause.status, cause.detail];
  if (cause instanceof IngestBusy || isNeverSent(error)) return [503, 'Service Unavailable'];
  const known = FASTIFY_DETAILS[error.code];
  if (known) return known;
  if (error.statusCode !== undefined && error.statusCode < 500)
    return [error.statusCode, 'There was an error parsing the body'];
  return [500, 'Internal Server Error'];
}
