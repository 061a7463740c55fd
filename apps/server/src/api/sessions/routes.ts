import { ERRORS, Me, PasswordChange, Session, SignIn } from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { DEMO_ACCOUNT } from '../../identity/demo-account.ts';
import type { User } from '../../identity/identity.ts';
import type { ApiDeps } from '../deps.ts';
import { requireLogin } from '../edge/login.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent, withoutLogin } from '../edge/schema.ts';

const tags = ['sessions'];
const presentUser = ({ id, username, isAdmin }: User) => ({ id, username, isAdmin });
const tooManyAttempts = (retryAfterSeconds: number) =>
  new ApiProblem('too-many-attempts', ERRORS['too-many-attempts'].title, { retryAfterSeconds });

export function sessionRoutes(deps: Pick<ApiDeps, 'identity' | 'clientAddress'>): FastifyPluginAsyncZod {
  return async (api) => {
    const signIn = { ...withoutLogin, tags, summary: 'Sign in', body: SignIn, response: { 201: Session } };
    api.post('/sessions', { schema: signIn }, async (request, reply) => {
      const { username, password } = request.body;
      const result = await deps.identity.signIn(username, password, deps.clientAddress(request));
      if (result.kind === 'delayed') throw tooManyAttempts(result.retryAfterSeconds);
      if (result.kind !== 'ok') throw new ApiProblem('wrong-credentials');
      if (!result.user.isActive) throw new ApiProblem('inactive-user');
      return reply.status(201).send({
        token: result.token,
        expiresAt: result.expiresAt.toISOString(),
        user: presentUser(result.user),
      });
    });

    api.delete(
      '/sessions/current',
      { schema: { tags, summary: 'Sign out', response: noContent } },
      async (request, reply) => {
        const login = await requireLogin(deps.identity, request);
        await deps.identity.signOut(login.tokenId);
        return reply.status(204).send(null);
      },
    );

    api.delete(
      '/sessions',
      { schema: { tags, summary: 'Sign out everywhere', response: noContent } },
      async (request, reply) => {
        const login = await requireLogin(deps.identity, request);
        await deps.identity.revokeAll(login.user.id);
        return reply.status(204).send(null);
      },
    );

    api.get(
      '/me',
      { schema: { tags, summary: 'Who is signed in', response: { 200: Me } } },
      async (request) => {
        return presentUser((await requireLogin(deps.identity, request)).user);
      },
    );

    const change = {
      tags,
      summary: 'Change the own password',
      description: 'Ends every other login of the user.',
      body: PasswordChange,
      response: noContent,
    };
    api.put('/me/password', { schema: change }, async (request, reply) => {
      const login = await requireLogin(deps.identity, request);
      if (login.user.username === DEMO_ACCOUNT)
        throw new ApiProblem('not-allowed', 'The password of the demo account is a setting of the server');
      const changed = await deps.identity.changePassword(login, request.body.current, request.body.next);
      if (!changed) {
        const faults = [{ field: 'body.current', rule: 'is not the current password' }];
        throw new ApiProblem('wrong-credentials', 'The current password is not right', { faults });
      }
      return reply.status(204).send(null);
    });
  };
}
