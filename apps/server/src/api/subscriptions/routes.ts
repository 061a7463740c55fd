import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { isShownTo } from '../../identity/demo-account.ts';
import { findServiceFor } from '../../store/service.ts';
import { mandatoryAmong, setSubscription } from '../../store/subscription.ts';
import type { ApiDeps } from '../deps.ts';
import { needs, userOf } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent, serviceParams as params } from '../edge/schema.ts';

const WAYS = [
  { method: 'PUT', summary: 'Subscribe', subscribed: true },
  { method: 'DELETE', summary: 'Unsubscribe', subscribed: false },
] as const;

/** The subscriptions of the signed-in user; what is as wanted already stays as it is. */
export function subscriptionRoutes({
  database,
  demoService,
}: Pick<ApiDeps, 'database' | 'demoService'>): FastifyPluginAsyncZod {
  return async (api) => {
    for (const { method, summary, subscribed } of WAYS) {
      api.route({
        method,
        url: '/subscriptions/:serviceId',
        ...needs('own-write'),
        schema: { tags: ['subscriptions'], summary, params, response: noContent },
        handler: async (request, reply) => {
          const user = userOf(request);
          const { serviceId } = request.params;
          const service = await findServiceFor(database, user.id, serviceId);
          if (!service || !isShownTo(user, service, demoService))
            throw new ApiProblem('not-found', `There is no service ${serviceId}`);
          if (!subscribed && (await mandatoryAmong(database, user.id, [serviceId])).has(serviceId))
            throw new ApiProblem('mandatory-service');
          await setSubscription(database, user.id, serviceId, subscribed);
          return reply.status(204).send(null);
        },
      });
    }
  };
}
