import {
  AccessKeyList,
  NewUser,
  SessionList,
  UserAccount,
  UserChange,
  UserPage,
  UserQuery,
} from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { listKeys } from '../../store/access-key.ts';
import { listLogins } from '../../store/login-token.ts';
import { findUser, listUsersAfter } from '../../store/user.ts';
import type { ApiDeps } from '../deps.ts';
import { actorOf, needs } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent, userParams as params, rowParameter, sessionId } from '../edge/schema.ts';
import { presentKey } from '../keys/present.ts';
import { presentSession } from '../sessions/present.ts';
import { presentAccount } from './present.ts';

const tags = ['users'];
const unknown = (id: number) => new ApiProblem('not-found', `There is no user ${id}`);

/** The accounts of this server; for administrators. */
export function userRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const { accounts, database } = deps;
  return async (api) => {
    const list = { tags, summary: 'List users by name', querystring: UserQuery, response: { 200: UserPage } };
    api.get('/users', { ...needs('review'), schema: list }, async (request) => {
      const { cursor = '', limit } = request.query;
      const users = await listUsersAfter(database, cursor, limit);
      const last = users.length === limit ? users.at(-1) : undefined;
      return { items: users.map((user) => presentAccount(user)), nextCursor: last?.username ?? null };
    });

    const one = { tags, summary: 'Read a user', params, response: { 200: UserAccount } };
    api.get('/users/:id', { ...needs('review'), schema: one }, async (request) => {
      const user = await findUser(database, request.params.id);
      if (!user) throw unknown(request.params.id);
      return presentAccount(user);
    });

    const create = { tags, summary: 'Create a local user', body: NewUser, response: { 201: UserAccount } };
    api.post('/users', { ...needs('admin'), schema: create }, async (request, reply) => {
      const created = await accounts.create(actorOf(deps, request), request.body);
      if (!created) throw new ApiProblem('user-exists');
      return reply.status(201).send(presentAccount(created.user, created.madePassword ?? undefined));
    });

    const change = {
      tags,
      summary: 'Change a user',
      params,
      body: UserChange,
      response: { 200: UserAccount },
    };
    api.patch('/users/:id', { ...needs('admin'), schema: change }, async (request) => {
      const { id } = request.params;
      const user = await accounts.change(actorOf(deps, request), id, request.body);
      if (user === 'unknown') throw unknown(id);
      if (user === 'last-administrator') throw new ApiProblem(user);
      return presentAccount(user);
    });

    const remove = {
      tags,
      summary: 'Delete a user with devices, subscriptions, logins, keys and inbox',
      params,
      response: noContent,
    };
    api.delete('/users/:id', { ...needs('admin'), schema: remove }, async (request, reply) => {
      const { id } = request.params;
      const result = await accounts.remove(actorOf(deps, request), id);
      if (result === 'unknown') throw unknown(id);
      if (result === 'last-administrator') throw new ApiProblem(result);
      return reply.status(204).send(null);
    });
    await api.register(userAccessRoutes(deps));
  };
}

/** The logins and keys of somebody else. */
function userAccessRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const { database } = deps;
  return async (api) => {
    const sessions = { tags, summary: "List a user's logins", params, response: { 200: SessionList } };
    api.get('/users/:id/sessions', { ...needs('review'), schema: sessions }, async (request) => {
      const logins = await listLogins(database, request.params.id, new Date(deps.clock()));
      return { items: logins.map((login) => presentSession(login, null)) };
    });

    const endAll = { tags, summary: "End all of a user's logins", params, response: noContent };
    api.delete('/users/:id/sessions', { ...needs('admin'), schema: endAll }, async (request, reply) => {
      const { id } = request.params;
      if (!(await findUser(database, id))) throw unknown(id);
      await deps.sessions.endAll(actorOf(deps, request), id);
      return reply.status(204).send(null);
    });

    const sessionParams = params.extend({ sessionId });
    const end = { tags, summary: "End one of a user's logins", params: sessionParams, response: noContent };
    api.delete(
      '/users/:id/sessions/:sessionId',
      { ...needs('admin'), schema: end },
      async (request, reply) => {
        const { id, sessionId } = request.params;
        if (!(await deps.sessions.end(actorOf(deps, request), id, sessionId)))
          throw new ApiProblem('not-found', `User ${id} has no session ${sessionId}`);
        return reply.status(204).send(null);
      },
    );

    const keys = { tags, summary: "List a user's keys", params, response: { 200: AccessKeyList } };
    api.get('/users/:id/keys', { ...needs('review'), schema: keys }, async (request) => {
      const found = await listKeys(database, { userId: request.params.id });
      return { items: found.map((key) => presentKey(key)) };
    });

    const keyParams = params.extend({ keyId: rowParameter });
    const revoke = { tags, summary: "Revoke a user's key", params: keyParams, response: noContent };
    api.delete('/users/:id/keys/:keyId', { ...needs('admin'), schema: revoke }, async (request, reply) => {
      const { id, keyId } = request.params;
      if (!(await deps.accessKeys.revoke(actorOf(deps, request), { userId: id }, keyId)))
        throw new ApiProblem('not-found', `User ${id} has no key ${keyId}`);
      return reply.status(204).send(null);
    });
  };
}
