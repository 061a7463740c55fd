/** API v3: our own, complete. v1 and v2 in notify/ are a thin edge over the same functions. */
import fastifySwagger from '@fastify/swagger';
import type { FastifyPluginAsync } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject, validatorCompiler } from 'fastify-type-provider-zod';
import type { ApiDeps } from './deps.ts';
import { deviceRoutes } from './devices/routes.ts';
import { collectRoutes } from './edge/known-routes.ts';
import { ApiProblem, renderProblem, sendProblem } from './edge/problem.ts';
import { inboxRoutes } from './inbox/routes.ts';
import { deliveryRoutes, publishRoutes } from './notifications/routes.ts';
import { statsRoutes } from './operations/stats.ts';
import { receiptRoutes } from './receipts/routes.ts';
import { serviceRoutes } from './services/routes.ts';
import { sessionRoutes } from './sessions/routes.ts';
import { streamRoutes } from './stream/routes.ts';

export function apiV3(deps: ApiDeps): FastifyPluginAsync {
  return async (api) => {
    api.setValidatorCompiler(validatorCompiler);
    // Presenters and types already decide the shape; checking every answer again would cost more than the rest of the request.
    api.setSerializerCompiler(() => JSON.stringify);
    api.setErrorHandler(renderProblem);
    const known = collectRoutes(api);
    api.setNotFoundHandler((request, reply) => {
      const methods = known.methodsAt(request.url.split('?')[0] ?? '');
      if (methods.length === 0)
        return sendProblem(request, reply, new ApiProblem('not-found', 'There is nothing at this address'));
      void reply.header('allow', methods.join(', '));
      return sendProblem(
        request,
        reply,
        new ApiProblem('method-not-allowed', `Allowed here: ${methods.join(', ')}`),
      );
    });
    await api.register(fastifySwagger, {
      openapi: {
        openapi: '3.1.0',
        info: { title: 'Tocsin API', version: '3', description: 'Publish, subscribe, receive, prove.' },
        components: { securitySchemes: { login: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
        security: [{ login: [] }],
      },
      transform: jsonSchemaTransform,
      transformObject: jsonSchemaTransformObject,
    });
    await api.register(sessionRoutes(deps));
    await api.register(serviceRoutes(deps));
    await api.register(publishRoutes(deps));
    await api.register(deliveryRoutes(deps));
    await api.register(inboxRoutes(deps));
    await api.register(streamRoutes(deps));
    await api.register(deviceRoutes(deps));
    await api.register(receiptRoutes(deps));
    await api.register(statsRoutes(deps));
    api.get('/openapi.json', { schema: { hide: true } }, async () => api.swagger());
  };
}
