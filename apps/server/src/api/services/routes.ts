import {
  NewService,
  Service,
  ServiceChange,
  ServiceDetails,
  ServiceList,
  SubscriberPage,
  SubscriberQuery,
} from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { isShownTo } from '../../identity/demo-account.ts';
import { listServicesFor, type ServiceForUser } from '../../store/service.ts';
import { groupsOfService, listOwners } from '../../store/service-owner.ts';
import { listSubscribers } from '../../store/subscription.ts';
import type { ApiDeps } from '../deps.ts';
import { actorOf, needs, userOf } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent, serviceParams as params, rowParameter } from '../edge/schema.ts';
import { refuseUnknownGroups } from '../groups/known.ts';
import { requireManager } from './manager.ts';

const tags = ['services'];
const unknown = (serviceId: string) => new ApiProblem('not-found', `There is no service ${serviceId}`);

function present(service: ServiceForUser) {
  const { id, category, color, owner, isSubscribed, publishPolicy, isRestricted, isMandatory, isOwned } =
    service;
  return { id, category, color, owner, isSubscribed, publishPolicy, isRestricted, isMandatory, isOwned };
}

export function serviceRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const { database, services } = deps;
  return async (api) => {
    const list = { tags, summary: 'List the services one may see', response: { 200: ServiceList } };
    api.get('/services', { ...needs('own-read'), schema: list }, async (request) => {
      const user = userOf(request);
      const shown = await listServicesFor(database, user.id);
      return { items: shown.filter((service) => isShownTo(user, service, deps.demoService)).map(present) };
    });

    const create = { tags, summary: 'Create a service', body: NewService, response: { 201: Service } };
    api.post('/services', { ...needs('admin'), schema: create }, async (request, reply) => {
      await refuseUnknownGroups(deps, request.body.groupIds);
      const service = await services.create(actorOf(deps, request), request.body);
      const { isSubscribed, isOwned } = await requireManager(deps, request, service.id);
      return reply.status(201).send(present({ ...service, isSubscribed, isOwned }));
    });

    const change = {
      tags,
      summary: 'Change a service',
      params,
      body: ServiceChange,
      response: { 200: Service },
    };
    api.patch('/services/:serviceId', { ...needs('manage'), schema: change }, async (request) => {
      const { serviceId } = request.params;
      await requireManager(deps, request, serviceId);
      await refuseUnknownGroups(deps, request.body.groupIds ?? []);
      if (!(await services.change(actorOf(deps, request), serviceId, request.body))) throw unknown(serviceId);
      return present(await requireManager(deps, request, serviceId));
    });

    const remove = { tags, summary: 'Delete a service with its notifications', params, response: noContent };
    api.delete('/services/:serviceId', { ...needs('admin'), schema: remove }, async (request, reply) => {
      const { serviceId } = request.params;
      if (!(await services.remove(actorOf(deps, request), serviceId))) throw unknown(serviceId);
      return reply.status(204).send(null);
    });
    await api.register(managerRoutes(deps));
  };
}

/** For those who manage a service, and auditors. */
function managerRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const { database } = deps;
  return async (api) => {
    const details = {
      tags,
      summary: 'Read a service with its owners and groups',
      params,
      response: { 200: ServiceDetails },
    };
    api.get('/services/:serviceId', { ...needs('own-read'), schema: details }, async (request) => {
      const { serviceId } = request.params;
      const service = await requireManager(deps, request, serviceId, 'or-auditor');
      const owners = await listOwners(database, serviceId);
      return { ...present(service), owners, groups: await groupsOfService(database, serviceId) };
    });

    const subscribers = {
      tags,
      summary: 'List the subscribers',
      params,
      querystring: SubscriberQuery,
      response: { 200: SubscriberPage },
    };
    const list = '/services/:serviceId/subscribers';
    api.get(list, { ...needs('own-read'), schema: subscribers }, async (request) => {
      const { serviceId } = request.params;
      await requireManager(deps, request, serviceId, 'or-auditor');
      const { cursor, limit } = request.query;
      const found = await listSubscribers(database, serviceId, cursor, limit + 1);
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      const items = page.map((one) => ({ ...one, since: one.since.toISOString() }));
      return { items, nextCursor: last ? String(last.id) : null };
    });

    for (const { method, summary, isOwner } of OWNER_WAYS) {
      api.route({
        method,
        url: '/services/:serviceId/owners/:id',
        ...needs('manage'),
        schema: { tags, summary, params: params.extend({ id: rowParameter }), response: noContent },
        handler: async (request, reply) => {
          const { serviceId, id } = request.params;
          await requireManager(deps, request, serviceId);
          const done = await deps.services.setOwner(actorOf(deps, request), serviceId, id, isOwner);
          if (!done)
            throw new ApiProblem('not-found', `There is no such ${isOwner ? 'user' : 'owner'} ${id}`);
          return reply.status(204).send(null);
        },
      });
    }
  };
}

const OWNER_WAYS = [
  { method: 'PUT', summary: 'Make a user an owner', isOwner: true },
  { method: 'DELETE', summary: 'Take the ownership away', isOwner: false },
] as const;
