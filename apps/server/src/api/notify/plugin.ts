/**
 * The Notify API v1 and v2 (reference: notify-api.md): a thin edge over the same functions as v3, byte for byte what
 * the two published phone apps and every existing producer expect.
 */
import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { collectRoutes } from '../edge/known-routes.ts';
import type { NotifyDeps } from './deps.ts';
import { renderNotifyFailure } from './failure.ts';
import { describeRoutes } from './openapi.ts';
import { serviceRoutes } from './services.ts';
import { signInRoutes } from './sign-in.ts';
import { userRoutes } from './users.ts';

export function notifyApi(deps: NotifyDeps): FastifyPluginAsync {
  return async (api) => {
    api.setErrorHandler(renderNotifyFailure);
    // The iOS app sends JSON labelled as a form, other clients send no label: bodies are read as text, then parsed.
    api.removeAllContentTypeParsers();
    api.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    api.addHook('preValidation', async (request) => {
      request.body ??= '';
    });
    api.setValidatorCompiler(() => () => true);
    const known = collectRoutes(api);
    api.setNotFoundHandler((request, reply) => answerUnknown(known.methodsAt, request, reply));
    await api.register(fastifySwagger, describeRoutes(deps.version));
    await api.register(async (scope) => routes(scope, deps));
  };
}

function routes(api: FastifyInstance, deps: NotifyDeps): void {
  api.get('/-/health', async (_request, reply) => reply.type('text/plain; charset=utf-8').send('OK'));
  signInRoutes(api, deps);
  userRoutes(api, deps);
  serviceRoutes(api, deps);
  api.get('/openapi.json', { schema: { hide: true } }, async () => api.swagger());
}

/** Starlette's ways: 307 to the other slash form when that exists, 405 for a wrong method, else 404. */
function answerUnknown(
  methodsAt: (path: string) => string[],
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const [path = '', query] = request.url.split(/\?(.*)/s);
  const methods = methodsAt(path);
  if (methods.length > 0) {
    return reply.status(405).header('allow', methods.join(', ')).send({ detail: 'Method Not Allowed' });
  }
  const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
  if (methodsAt(other).length > 0) {
    return reply
      .status(307)
      .header('location', query === undefined ? other : `${other}?${query}`)
      .send();
  }
  return reply.status(404).send({ detail: 'Not Found' });
}
