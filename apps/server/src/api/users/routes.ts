import { NewUser, UserAccount, UserChange, UserPage, UserQuery } from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { listUsersAfter, type UserRecord } from '../../store/user.ts';
import type { ApiDeps } from '../deps.ts';
import { requireAdmin } from '../edge/login.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent, rowId } from '../edge/schema.ts';

const tags = ['users'];
const params = z.object({ id: rowId });
const unknown = (id: number) => new ApiProblem('not-found', `There is no user ${id}`);

function present(
  { id, username, isActive, isAdmin, createdAt, firstLoginAt }: UserRecord,
  password?: string,
) {
  return {
    id,
    username,
    isActive,
    isAdmin,
    createdAt: createdAt.toISOString(),
    firstLoginAt: firstLoginAt?.toISOString() ?? null,
    ...(password !== undefined && { password }),
  };
}

/** The accounts of this server; for administrators. */
export function userRoutes(deps: Pick<ApiDeps, 'identity' | 'accounts' | 'database'>): FastifyPluginAsyncZod {
  const { accounts, database, identity } = deps;
  return async (api) => {
    const list = { tags, summary: 'List users by name', querystring: UserQuery, response: { 200: UserPage } };
    api.get('/users', { schema: list }, async (request) => {
      await requireAdmin(identity, request);
      const { cursor = '', limit } = request.query;
      const users = await listUsersAfter(database, cursor, limit);
      const last = users.length === limit ? users.at(-1) : undefined;
      return { items: users.map((user) => present(user)), nextCursor: last?.username ?? null };
    });

    const create = { tags, summary: 'Create a local user', body: NewUser, response: { 201: UserAccount } };
    api.post('/users', { schema: create }, async (request, reply) => {
      await requireAdmin(identity, request);
      const created = await accounts.create(request.body);
      if (!created) throw new ApiProblem('user-exists');
      return reply.status(201).send(present(created.user, created.madePassword ?? undefined));
    });

    const change = {
      tags,
      summary: 'Change a user',
      params,
      body: UserChange,
      response: { 200: UserAccount },
    };
    api.patch('/users/:id', { schema: change }, async (request) => {
      await requireAdmin(identity, request);
      const { id } = request.params;
      const user = await accounts.change(id, request.body);
      if (user === 'unknown') throw unknown(id);
      if (user === 'last-administrator') throw new ApiProblem(user);
      return present(user);
    });

    const remove = {
      tags,
      summary: 'Delete a user with devices, subscriptions, logins and inbox',
      params,
      response: noContent,
    };
    api.delete('/users/:id', { schema: remove }, async (request, reply) => {
      await requireAdmin(identity, request);
      const { id } = request.params;
      const result = await accounts.remove(id);
      if (result === 'unknown') throw unknown(id);
      if (result === 'last-administrator') throw new ApiProblem(result);
      return reply.status(204).send(null);
    });
  };
}
