import { Readable } from 'node:stream';
import { OwnRemoval, Removal } from '@tocsin/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { DEMO_ACCOUNT } from '../../identity/demo-account.ts';
import { findUser } from '../../store/user.ts';
import type { ApiDeps } from '../deps.ts';
import { actorOf, loginOf, needs } from '../edge/access.ts';
import { ApiProblem, tooManyAttempts } from '../edge/problem.ts';
import { noContent, userParams as params } from '../edge/schema.ts';
import { noLoginCookie } from '../edge/session-cookie.ts';
import { removalOf } from '../users/removal.ts';
import { personalData } from './export.ts';

const tags = ['personal data'];
const EXPORTED = {
  200: { description: 'JSON', content: { 'application/json': { schema: z.custom<Readable>() } } },
};

/** Everything about one person: to take along, and to delete. */
export function personalDataRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const { database } = deps;
  return async (api) => {
    const send = async (request: FastifyRequest, reply: FastifyReply, userId: number) => {
      const user = await findUser(database, userId);
      if (!user) throw new ApiProblem('not-found', `There is no user ${userId}`);
      const about = { subject: 'user', subjectId: String(userId), subjectName: user.username };
      await deps.audit.append(database, actorOf(deps, request), { ...about, action: 'user.export' });
      await deps.audit.drain();
      return reply
        .type('application/json')
        .header('content-disposition', `attachment; filename="tocsin-user-${userId}.json"`)
        .send(Readable.from(personalData(database, user, new Date(deps.clock()))));
    };
    const own = { tags, summary: 'Export the own data', response: EXPORTED };
    api.get('/me/export', { ...needs('login'), schema: own }, (request, reply) =>
      send(request, reply, loginOf(request).user.id),
    );
    const others = { tags, summary: "Export a user's data", params, response: EXPORTED };
    api.get('/users/:id/export', { ...needs('admin'), schema: others }, (request, reply) =>
      send(request, reply, request.params.id),
    );

    const removal = {
      tags,
      summary: 'What deleting a user would remove',
      params,
      response: { 200: Removal },
    };
    api.get('/users/:id/removal', { ...needs('admin'), schema: removal }, (request) =>
      removalOf(deps, request.params.id),
    );
    const ownRemoval = {
      tags,
      summary: 'What deleting the own account would remove',
      response: { 200: Removal },
    };
    api.get('/me/removal', { ...needs('login'), schema: ownRemoval }, (request) =>
      removalOf(deps, loginOf(request).user.id),
    );

    const remove = { tags, summary: 'Delete the own account', body: OwnRemoval, response: noContent };
    api.delete('/me', { ...needs('login'), schema: remove }, async (request, reply) => {
      await removeOwn(deps, request, request.body.password);
      void reply.header('set-cookie', noLoginCookie(deps.client.isSecure(request)));
      return reply.status(204).send(null);
    });
  };
}

async function removeOwn(deps: ApiDeps, request: FastifyRequest, password: string): Promise<void> {
  const { user } = loginOf(request);
  if (user.username === DEMO_ACCOUNT)
    throw new ApiProblem('not-allowed', 'The demo account is a setting of the server');
  const proven = await deps.identity.confirmPassword(user, password, deps.client.from(request));
  if (proven === 'wrong') {
    const faults = [{ field: 'body.password', rule: 'is not the current password' }];
    throw new ApiProblem('wrong-credentials', 'The current password is not right', { faults });
  }
  if (proven !== 'right') throw tooManyAttempts(proven.retryAfterSeconds);
  const removed = await deps.accounts.remove(actorOf(deps, request), user.id);
  if (removed === 'last-administrator') throw new ApiProblem(removed);
}
