/** The HTTP edge: one Fastify with the three API versions, the docs, the phone app and the operator's addresses. */
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  LogController,
} from 'fastify';
import type { Networks } from '../lib/network.ts';
import type { TlsPair } from '../lib/tls-pair.ts';
import type { ApiDeps } from './deps.ts';
import { errorsPage } from './documents/errors.ts';
import { type SendPage, serveInbox } from './documents/inbox-app.ts';
import { swaggerUi } from './documents/swagger-ui.ts';
import { answerBrokenRequest } from './edge/broken-request.ts';
import { addCommonHeaders, setCommonHeaders } from './edge/common-headers.ts';
import { answerUnknown, collectRoutes, type KnownRoutes } from './edge/known-routes.ts';
import { renderProblem } from './edge/problem.ts';
import { limitAddresses } from './edge/rate-limit.ts';
import { requestId } from './edge/request-id.ts';
import { endHandshakes, serverOptions } from './edge/tls.ts';
import { type OperationsDeps, operationsRoutes } from './operations/routes.ts';
import { apiV3 } from './v3.ts';

export interface HttpDeps {
  readonly log: FastifyBaseLogger;
  /** Null: HTTP in the clear. */
  readonly tls: TlsPair | null;
  readonly corsOrigins: ReadonlySet<string>;
  /** Addresses that are not counted. */
  readonly exemptNetworks: Networks;
  readonly api: ApiDeps;
  readonly operations: OperationsDeps;
  readonly notifyV1: FastifyPluginAsync;
  readonly notifyV2: FastifyPluginAsync;
  /** Directory of the built phone app. */
  readonly inboxDirectory: string;
  /** Tests wait shorter. */
  readonly requestTimeoutMs?: number;
}

const BODY_LIMIT_BYTES = 1024 * 1024;
const HEADER_LIMIT_BYTES = 16 * 1024;
/** A whole request must have arrived by then; a body dripped in slowly holds no connection for ever. */
const REQUEST_TIMEOUT_MS = 15_000;

export async function buildHttp(deps: HttpDeps): Promise<FastifyInstance> {
  const common = { client: deps.api.client, corsOrigins: deps.corsOrigins };
  const requestTimeout = deps.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const http = Fastify({
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout,
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    ...serverOptions(deps.tls, {
      maxHeaderSize: HEADER_LIMIT_BYTES,
      headersTimeout: requestTimeout,
      connectionsCheckingInterval: Math.min(1_000, requestTimeout),
    }),
    routerOptions: { maxParamLength: 512 },
    forceCloseConnections: true,
    clientErrorHandler: answerBrokenRequest,
    genReqId: requestId,
    // No hook runs for these.
    frameworkErrors(error, request, reply) {
      setCommonHeaders(common, request, reply);
      renderProblem(error, request, reply);
    },
  });
  if (deps.tls) endHandshakes(http);
  http.setErrorHandler(renderProblem);
  addCommonHeaders(http, common);
  limitAddresses(http, deps.api, deps.exemptNetworks);
  const known = collectRoutes(http);
  await http.register(operationsRoutes(deps.operations));
  await http.register(deps.notifyV1, { prefix: '/api/v1' });
  await http.register(deps.notifyV2, { prefix: '/api/v2' });
  await http.register(apiV3(deps.api), { prefix: '/api/v3' });
  await http.register(swaggerUi);
  await http.register(errorsPage);
  serveTheRest(http, known, await serveInbox(http, deps.inboxDirectory));
  return http;
}

function serveTheRest(http: FastifyInstance, known: KnownRoutes, sendPage: SendPage): void {
  http.setNotFoundHandler(
    (request, reply) => sendPage(request, reply) ?? answerUnknown(known, request, reply),
  );
}
