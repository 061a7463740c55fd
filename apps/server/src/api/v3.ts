/** API v3: our own, complete. v1 and v2 in notify/ are a thin edge over the same functions. */
import fastifySwagger from '@fastify/swagger';
import type { FastifyPluginAsync } from 'fastify';
import { auditRoutes } from './audit/routes.ts';
import type { ApiDeps } from './deps.ts';
import { deviceRoutes } from './devices/routes.ts';
import { describeV3 } from './documents/openapi-v3.ts';
import { guardRoutes, needs } from './edge/access.ts';
import { takeJsonOnly } from './edge/json-body.ts';
import { answerUnknown, collectRoutes } from './edge/known-routes.ts';
import { renderProblem } from './edge/problem.ts';
import { validateWithZod } from './edge/validate.ts';
import { groupRoutes } from './groups/routes.ts';
import { inboxRoutes } from './inbox/routes.ts';
import { personalKeyRoutes, serviceKeyRoutes } from './keys/routes.ts';
import { deliveryRoutes, publishRoutes } from './notifications/routes.ts';
import { linkRoutes, oneTimeCodeRoutes } from './one-time-codes/routes.ts';
import { statsRoutes } from './operations/stats.ts';
import { personalDataRoutes } from './personal-data/routes.ts';
import { providerRoutes } from './providers/routes.ts';
import { receiptRoutes } from './receipts/routes.ts';
import { serviceRoutes } from './services/routes.ts';
import { sessionRoutes } from './sessions/routes.ts';
import { signInRoutes } from './sign-in/routes.ts';
import { streamRoutes } from './stream/routes.ts';
import { subscriptionRoutes } from './subscriptions/routes.ts';
import { userRoutes } from './users/routes.ts';

export function apiV3(deps: ApiDeps): FastifyPluginAsync {
  return async (api) => {
    takeJsonOnly(api);
    api.setValidatorCompiler(validateWithZod);
    // Presenters and types already decide the shape; checking every answer again would cost more than the rest of the request.
    api.setSerializerCompiler(() => JSON.stringify);
    api.setErrorHandler(renderProblem);
    guardRoutes(api, deps);
    const known = collectRoutes(api);
    api.setNotFoundHandler((request, reply) => answerUnknown(known, request, reply));
    await api.register(fastifySwagger, describeV3);
    await api.register(sessionRoutes(deps));
    await api.register(signInRoutes(deps));
    await api.register(userRoutes(deps));
    await api.register(linkRoutes(deps));
    await api.register(oneTimeCodeRoutes(deps));
    await api.register(personalDataRoutes(deps));
    await api.register(personalKeyRoutes(deps));
    await api.register(groupRoutes(deps));
    await api.register(serviceRoutes(deps));
    await api.register(serviceKeyRoutes(deps));
    await api.register(subscriptionRoutes(deps));
    await api.register(publishRoutes(deps));
    await api.register(deliveryRoutes(deps));
    await api.register(inboxRoutes(deps));
    await api.register(streamRoutes(deps));
    await api.register(deviceRoutes(deps));
    await api.register(receiptRoutes(deps));
    await api.register(statsRoutes(deps));
    await api.register(auditRoutes(deps));
    await api.register(providerRoutes(deps));
    api.get('/openapi.json', { ...needs('nobody'), schema: { hide: true } }, async () => api.swagger());
  };
}
