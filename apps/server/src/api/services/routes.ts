import { randomBytes, randomUUID } from 'node:crypto';
import { NewService, Service, ServiceChange, ServiceKey, ServiceList } from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { isShownTo } from '../../identity/demo-account.ts';
import { hashKey } from '../../identity/publish-access.ts';
import {
  createService,
  deleteService,
  listServicesFor,
  type ServiceForUser,
  setPublishKey,
  updateService,
} from '../../store/service.ts';
import type { ApiDeps } from '../deps.ts';
import { requireAdmin, requireLogin } from '../edge/login.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent, serviceParams as params } from '../edge/schema.ts';

const tags = ['services'];
const unknown = (serviceId: string) => new ApiProblem('not-found', `There is no service ${serviceId}`);

function present(service: ServiceForUser) {
  const { id, category, color, owner, isSubscribed, publishPolicy } = service;
  return { id, category, color, owner, isSubscribed, publishPolicy };
}

export function serviceRoutes(
  deps: Pick<ApiDeps, 'identity' | 'database' | 'demoService'>,
): FastifyPluginAsyncZod {
  const { database, identity } = deps;
  return async (api) => {
    api.get(
      '/services',
      { schema: { tags, summary: 'List services', response: { 200: ServiceList } } },
      async (request) => {
        const { user } = await requireLogin(identity, request);
        const services = await listServicesFor(database, user.id);
        return {
          items: services.filter((service) => isShownTo(user, service, deps.demoService)).map(present),
        };
      },
    );

    const create = { tags, summary: 'Create a service', body: NewService, response: { 201: Service } };
    api.post('/services', { schema: create }, async (request, reply) => {
      await requireAdmin(identity, request);
      const service = await createService(database, { id: randomUUID(), ...request.body });
      return reply.status(201).send(present({ ...service, isSubscribed: false }));
    });

    const change = {
      tags,
      summary: 'Change a service',
      params,
      body: ServiceChange,
      response: { 200: Service },
    };
    api.patch('/services/:serviceId', { schema: change }, async (request) => {
      const { user } = await requireAdmin(identity, request);
      const { serviceId } = request.params;
      if (!(await updateService(database, serviceId, request.body))) throw unknown(serviceId);
      const service = (await listServicesFor(database, user.id)).find(({ id }) => id === serviceId);
      if (!service) throw unknown(serviceId);
      return present(service);
    });

    const remove = { tags, summary: 'Delete a service with its notifications', params, response: noContent };
    api.delete('/services/:serviceId', { schema: remove }, async (request, reply) => {
      await requireAdmin(identity, request);
      if (!(await deleteService(database, request.params.serviceId))) throw unknown(request.params.serviceId);
      return reply.status(204).send(null);
    });

    const makeKey = {
      tags,
      summary: 'Make a new publishing key',
      description:
        'The old key stops working, and the policy of the service becomes `key`. The key is shown once.',
      params,
      response: { 201: ServiceKey },
    };
    api.post('/services/:serviceId/key', { schema: makeKey }, async (request, reply) => {
      await requireAdmin(identity, request);
      const key = `tsk_${randomBytes(32).toString('base64url')}`;
      if (!(await setPublishKey(database, request.params.serviceId, hashKey(key))))
        throw unknown(request.params.serviceId);
      return reply.status(201).send({ key });
    });
  };
}
