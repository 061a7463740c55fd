/** What every answer carries besides its own headers. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiDeps } from '../deps.ts';

/** Name, value, name, value: `writeHead` takes that faster than an object. */
export type FlatHeaders = readonly string[];

declare module 'fastify' {
  interface FastifyRequest {
    /** Null before the first hook ran. */
    commonHeaders: FlatHeaders | null;
  }
}

interface CommonHeadersDeps extends Pick<ApiDeps, 'client'> {
  /** Pages of these origins may use API v3 with a login or key of their own; cookies never travel along. */
  readonly corsOrigins: ReadonlySet<string>;
}

/** Nothing in an answer of the API may run, load or be framed. Pages have policies of their own. */
const IN_THE_CLEAR: FlatHeaders = [
  'x-content-type-options',
  'nosniff',
  'content-security-policy',
  "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy',
  'no-referrer',
  'permissions-policy',
  'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cache-control',
  'no-store',
];
/** Browsers heed these two over HTTPS only. */
const ENCRYPTED: FlatHeaders = [
  ...IN_THE_CLEAR,
  'strict-transport-security',
  'max-age=31536000',
  'cross-origin-opener-policy',
  'same-origin',
];

export function addCommonHeaders(http: FastifyInstance, deps: CommonHeadersDeps): void {
  http.decorateRequest('commonHeaders', null);
  http.addHook('onRequest', (request, _reply, done) => {
    request.commonHeaders = headersFor(deps, request);
    done();
  });
  http.addHook('onSend', (request, reply, _payload, done) => {
    setCommonHeaders(deps, request, reply);
    done();
  });
}

/** What a handler said itself stays. To be called where no hook runs. */
export function setCommonHeaders(
  deps: CommonHeadersDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  request.commonHeaders ??= headersFor(deps, request);
  const headers = commonHeadersOf(request);
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (!reply.hasHeader(name)) void reply.header(name, headers[at + 1]);
  }
}

/** For answers that are written past Fastify's reply. */
export function commonHeadersOf({ commonHeaders, id }: FastifyRequest): FlatHeaders {
  return [...(commonHeaders ?? IN_THE_CLEAR), 'x-request-id', id];
}

function headersFor({ client, corsOrigins }: CommonHeadersDeps, request: FastifyRequest): FlatHeaders {
  const common = client.isSecure(request) ? ENCRYPTED : IN_THE_CLEAR;
  const { origin } = request.headers;
  if (origin === undefined || !corsOrigins.has(origin) || !request.url.startsWith('/api/v3/')) return common;
  return [...common, ...allow(origin, request)];
}

const EXPOSED = 'Idempotency-Replayed, Retry-After, X-Request-Id';
const PREFLIGHT: FlatHeaders = [
  'access-control-allow-methods',
  'GET, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers',
  'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id, X-Service-Key',
  'access-control-max-age',
  '600',
];

/** CORS (Fetch §3.2). @fastify/cors sets its headers on the reply, past which publishing answers. */
function allow(origin: string, { method, headers }: FastifyRequest): FlatHeaders {
  const isPreflight = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
  const own = isPreflight ? PREFLIGHT : ['access-control-expose-headers', EXPOSED];
  return ['access-control-allow-origin', origin, 'vary', 'Origin', ...own];
}
