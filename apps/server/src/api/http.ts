/** The HTTP edge: one Fastify with the three API versions, the docs, the phone app and the operator's addresses. */
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import fastifyStatic from '@fastify/static';
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  LogController,
} from 'fastify';
import type { ApiDeps } from './deps.ts';
import { ApiProblem, renderProblem, sendProblem } from './edge/problem.ts';
import { type OperationsDeps, operationsRoutes } from './operations/routes.ts';
import { apiV3 } from './v3.ts';

export interface HttpDeps {
  readonly log: FastifyBaseLogger;
  readonly api: ApiDeps;
  readonly operations: OperationsDeps;
  readonly notifyV1: FastifyPluginAsync;
  readonly notifyV2: FastifyPluginAsync;
  /** Directory of the built phone app. */
  readonly inboxDirectory: string;
}

const BODY_LIMIT_BYTES = 1024 * 1024;
const HEADER_LIMIT_BYTES = 16 * 1024;
/** A whole request must have arrived by then; a body dripped in slowly holds no connection for ever. */
const REQUEST_TIMEOUT_MS = 15_000;

export async function buildHttp(deps: HttpDeps): Promise<FastifyInstance> {
  const http = Fastify({
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    http: {
      maxHeaderSize: HEADER_LIMIT_BYTES,
      headersTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    },
    routerOptions: { maxParamLength: 512 },
    forceCloseConnections: true,
    clientErrorHandler: answerBrokenRequest,
  });
  http.setErrorHandler(renderProblem);
  http.addHook('onSend', async (_request, reply) => {
    void reply.header('x-content-type-options', 'nosniff');
  });
  await http.register(operationsRoutes(deps.operations));
  await http.register(deps.notifyV1, { prefix: '/api/v1' });
  await http.register(deps.notifyV2, { prefix: '/api/v2' });
  await http.register(apiV3(deps.api), { prefix: '/api/v3' });
  await http.register(docs);
  await serveInbox(http, deps.inboxDirectory);
  return http;
}

/** Swagger UI over the three documents, all from this server. */
const docs: FastifyPluginAsync = async (scope) => {
  await scope.register(fastifySwagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Tocsin', version: '3' } },
  });
  const urls = ['v3', 'v2', 'v1'].map((version) => ({ name: version, url: `/api/${version}/openapi.json` }));
  await scope.register(fastifySwaggerUi, {
    routePrefix: '/api/docs',
    staticCSP: true,
    uiConfig: { urls } as object,
  });
};

async function serveInbox(http: FastifyInstance, directory: string): Promise<void> {
  const built = existsSync(directory);
  if (built) {
    await http.register(fastifyStatic, {
      root: directory,
      wildcard: false,
      index: false,
      setHeaders: (reply, path) => {
        // Vite names assets by their content; everything else must be asked for again.
        void reply.header(
          'cache-control',
          path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        );
      },
    });
  }
  http.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const isPage = request.method === 'GET' && !path.startsWith('/api/') && !/\.[a-z0-9]+$/i.test(path);
    if (isPage && built) {
      return reply
        .header(
          'content-security-policy',
          "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'",
        )
        .header('cache-control', 'no-cache')
        .sendFile('index.html');
    }
    return sendProblem(request, reply, new ApiProblem('not-found', 'There is nothing at this address'));
  });
}

const BROKEN: Record<string, [status: string, code: string, detail: string]> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'headers-too-large',
    'The headers are too large',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request-timeout', 'The request did not arrive in time'],
};

/** What is not even HTTP is answered as far as HTTP allows, then closed. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code, detail] = BROKEN[error.code ?? ''] ?? [
    '400 Bad Request',
    'bad-request',
    'The request is malformed',
  ];
  const body = JSON.stringify({
    type: `/docs/errors#${code}`,
    title: detail,
    status: Number.parseInt(status, 10),
    code,
    detail,
  });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
