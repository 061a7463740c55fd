import { Group, GroupChange, GroupDetails, GroupList, NewGroup } from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { findGroup, listGroupSubscriptions, listGroups, listMembers } from '../../store/user-group.ts';
import type { ApiDeps } from '../deps.ts';
import { actorOf, needs } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent, userParams as params, rowParameter, serviceId } from '../edge/schema.ts';

const tags = ['groups'];
const unknown = (id: number) => new ApiProblem('not-found', `There is no group ${id}`);

export function groupRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const { database, groups } = deps;
  return async (api) => {
    const list = { tags, summary: 'List groups by name', response: { 200: GroupList } };
    api.get('/groups', { ...needs('review'), schema: list }, async () => ({
      items: await listGroups(database),
    }));

    const one = { tags, summary: 'Read a group with its members', params, response: { 200: GroupDetails } };
    api.get('/groups/:id', { ...needs('review'), schema: one }, async (request) => {
      const { id } = request.params;
      const group = await findGroup(database, id);
      if (!group) throw unknown(id);
      const rules = await listGroupSubscriptions(database, id);
      const people = await listMembers(database, id);
      return { ...group, people, serviceIds: rules.map((rule) => rule.serviceId) };
    });

    const create = { tags, summary: 'Create a group', body: NewGroup, response: { 201: Group } };
    api.post('/groups', { ...needs('admin'), schema: create }, async (request, reply) => {
      const { externalName = null, ...group } = request.body;
      const created = await groups.create(actorOf(deps, request), { ...group, externalName });
      if (!created) throw new ApiProblem('group-exists');
      return reply.status(201).send(created);
    });

    const change = { tags, summary: 'Rename a group', params, body: GroupChange, response: { 200: Group } };
    api.patch('/groups/:id', { ...needs('admin'), schema: change }, async (request) => {
      const { id } = request.params;
      const group = await groups.rename(actorOf(deps, request), id, request.body.name);
      if (group === 'unknown') throw unknown(id);
      if (group === 'taken') throw new ApiProblem('group-exists');
      return group;
    });

    const remove = { tags, summary: 'Delete a group and what it gave', params, response: noContent };
    api.delete('/groups/:id', { ...needs('admin'), schema: remove }, async (request, reply) => {
      const { id } = request.params;
      if (!(await groups.remove(actorOf(deps, request), id))) throw unknown(id);
      return reply.status(204).send(null);
    });
    await api.register(memberRoutes(deps));
    await api.register(groupSubscriptionRoutes(deps));
  };
}

function memberRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  return async (api) => {
    for (const { method, summary, isMember } of [
      { method: 'PUT', summary: 'Add a member', isMember: true },
      { method: 'DELETE', summary: 'Remove a member', isMember: false },
    ] as const) {
      api.route({
        method,
        url: '/groups/:id/members/:userId',
        ...needs('admin'),
        schema: { tags, summary, params: params.extend({ userId: rowParameter }), response: noContent },
        handler: async (request, reply) => {
          const { id, userId } = request.params;
          const answer = await deps.groups.setMember(actorOf(deps, request), id, userId, isMember);
          if (answer === 'unknown-group') throw unknown(id);
          if (answer === 'unknown-user') throw new ApiProblem('not-found', `There is no user ${userId}`);
          if (answer === 'external') throw new ApiProblem('external-group');
          return reply.status(204).send(null);
        },
      });
    }
  };
}

/** What all members are subscribed to, those who join later too. */
function groupSubscriptionRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  return async (api) => {
    for (const { method, summary, subscribed } of [
      { method: 'PUT', summary: 'Subscribe a group', subscribed: true },
      { method: 'DELETE', summary: 'End the subscription of a group', subscribed: false },
    ] as const) {
      api.route({
        method,
        url: '/groups/:id/subscriptions/:serviceId',
        ...needs('admin'),
        schema: { tags, summary, params: params.extend({ serviceId }), response: noContent },
        handler: async (request, reply) => {
          const { id, serviceId: service } = request.params;
          const answer = await deps.groups.setSubscription(actorOf(deps, request), id, service, subscribed);
          if (answer === 'unknown-group') throw unknown(id);
          if (answer === 'unknown-service')
            throw new ApiProblem('not-found', `There is no service ${service}`);
          return reply.status(204).send(null);
        },
      });
    }
  };
}
