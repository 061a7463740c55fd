/**
 * The Notify API v1 and v2 (reference: notify-api.md): a thin edge over the same functions as v3, byte for byte what
 * the two published phone apps and every existing producer expect.
 */
import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { collectRoutes } from '../edge/known-routes.ts';
import type { NotifyDeps } from './deps.ts';
import { renderNotifyFailure } from './failure.ts';
import { openIdConnectRoute } from './open-id-connect.ts';
import { describeRoutes } from './openapi.ts';
import { serviceRoutes } from './services.ts';
import { signInRoutes } from './sign-in.ts';
import { userRoutes } from './users.ts';

/** To be registered with the prefix `/api/v1` or `/api/v2`, as `deps.version` says. */
export function notifyApi(deps: NotifyDeps): FastifyPluginAsync {
  return async (api) => {
    api.setErrorHandler(renderNotifyFailure);
    api.addHook('onRequest', ({ headers }, _reply, done) => {
      nameLabel(headers);
      done();
    });
    // What a body is depends on the route more than on its label: body.ts decides.
    api.removeAllContentTypeParsers();
    api.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    api.setValidatorCompiler(() => () => true);
    const known = collectRoutes(api);
    api.setNotFoundHandler((request, reply) => answerUnknown(known.methodsAt, request, reply));
    await api.register(fastifySwagger, describeRoutes(deps.version));
    await api.register(async (scope) => routes(scope, deps));
  };
}

const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+$/;

/** Fastify refuses a label it cannot read; for the original it is plain text, and an empty one is none. */
function nameLabel(headers: FastifyRequest['headers']): void {
  const label = headers['content-type'];
  if (label === undefined || label === 'application/json') return;
  const mediaType = label.split(';')[0]?.trim() ?? '';
  if (label.trim() === '') delete headers['content-type'];
  else headers['content-type'] = MEDIA_TYPE.test(mediaType) ? mediaType : 'text/plain';
}

function routes(api: FastifyInstance, deps: NotifyDeps): void {
  api.get('/-/health', async (_request, reply) => reply.type('text/plain; charset=utf-8').send('OK'));
  signInRoutes(api, deps);
  openIdConnectRoute(api, deps);
  userRoutes(api, deps);
  serviceRoutes(api, deps);
  api.get('/openapi.json', { schema: { hide: true } }, async () => api.swagger());
}

/** Starlette's ways: 405 for a wrong method, 307 to the other slash form when that exists, else 404. */
function answerUnknown(
  methodsAt: (path: string) => string[],
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const [path = '', query] = request.url.split(/\?(.*)/s);
  const methods = methodsAt(path);
  if (methods.length > 0)
    return reply.status(405).header('allow', methods.join(', ')).send({ detail: 'Method Not Allowed' });
  const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
  if (methodsAt(other).length === 0) return reply.status(404).send({ detail: 'Not Found' });
  return reply
    .status(307)
    .header('location', query === undefined ? other : `${other}?${query}`)
    .send();
}
