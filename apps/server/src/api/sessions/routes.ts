import { Me, PasswordChange, Session, SessionList, SignIn } from '@tocsin/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { SignIn as SignInAnswer } from '../../identity/answers.ts';
import type { User } from '../../identity/caller.ts';
import { DEMO_ACCOUNT } from '../../identity/demo-account.ts';
import { listLogins } from '../../store/login-token.ts';
import type { ApiDeps } from '../deps.ts';
import { actorOf, loginOf, needs, userOf } from '../edge/access.ts';
import { ApiProblem, tooManyAttempts } from '../edge/problem.ts';
import { noContent, sessionId } from '../edge/schema.ts';
import { loginCookie, noLoginCookie } from '../edge/session-cookie.ts';
import { presentSession } from './present.ts';

const tags = ['sessions'];
const presentUser = ({ id, username, isAdmin, isAuditor }: User) => ({ id, username, isAdmin, isAuditor });

type SessionDeps = Pick<ApiDeps, 'identity' | 'client' | 'sessions' | 'database' | 'clock'>;

export function sessionRoutes(deps: SessionDeps): FastifyPluginAsyncZod {
  return async (api) => {
    const signIn = { tags, summary: 'Sign in', body: SignIn, response: { 201: Session } };
    api.post('/sessions', { ...needs('nobody'), schema: signIn }, async (request, reply) => {
      const { username, password, device, cookie } = request.body;
      const result = await deps.identity.signIn(username, password, deps.client.from(request, device));
      return answerSignIn(deps, request, reply, result, cookie);
    });
    await api.register(ownSessionRoutes(deps));
    await api.register(ownAccountRoutes(deps));
  };
}

/** Answers with the new session: its token in the body, or in a cookie that no script can read. */
export function answerSignIn(
  { client }: Pick<ApiDeps, 'client'>,
  request: FastifyRequest,
  reply: FastifyReply,
  result: SignInAnswer,
  asCookie: boolean,
  more: object = {},
) {
  if (result.kind === 'delayed') throw tooManyAttempts(result.retryAfterSeconds);
  if (result.kind === 'inactive') throw new ApiProblem('inactive-user');
  if (result.kind !== 'ok') throw new ApiProblem('wrong-credentials');
  const { token, expiresAt } = result;
  const session = { expiresAt: expiresAt.toISOString(), user: presentUser(result.user), ...more };
  if (!asCookie) return reply.status(201).send({ token, ...session });
  void reply.header('set-cookie', loginCookie(token, expiresAt, client.isSecure(request)));
  return reply.status(201).send(session);
}

/** The logins of the signed-in user. */
function ownSessionRoutes(deps: SessionDeps): FastifyPluginAsyncZod {
  return async (api) => {
    const list = { tags, summary: 'List the own logins', response: { 200: SessionList } };
    api.get('/sessions', { ...needs('login'), schema: list }, async (request) => {
      const { user, tokenId } = loginOf(request);
      const logins = await listLogins(deps.database, user.id, new Date(deps.clock()));
      return { items: logins.map((login) => presentSession(login, tokenId)) };
    });

    const current = { tags, summary: 'The login in use', response: { 200: Session } };
    api.get('/sessions/current', { ...needs('login'), schema: current }, async (request) => {
      const { user, tokenId } = loginOf(request);
      const logins = await listLogins(deps.database, user.id, new Date(deps.clock()));
      const login = logins.find(({ id }) => id === tokenId);
      if (!login) throw new ApiProblem('not-authenticated');
      return { expiresAt: login.expiresAt.toISOString(), user: presentUser(user) };
    });

    const end = async (request: FastifyRequest, reply: FastifyReply, sessionId: string) => {
      const { user, tokenId } = loginOf(request);
      const ended = await deps.sessions.end(actorOf(deps, request), user.id, sessionId);
      if (!ended) throw new ApiProblem('not-found', `You have no session ${sessionId}`);
      if (sessionId === tokenId)
        void reply.header('set-cookie', noLoginCookie(deps.client.isSecure(request)));
      return reply.status(204).send(null);
    };
    const signOut = { tags, summary: 'Sign out', response: noContent };
    api.delete('/sessions/current', { ...needs('login'), schema: signOut }, (request, reply) =>
      end(request, reply, loginOf(request).tokenId),
    );
    const params = z.object({ sessionId });
    const one = { tags, summary: 'End one of the own logins', params, response: noContent };
    api.delete('/sessions/:sessionId', { ...needs('login'), schema: one }, (request, reply) =>
      end(request, reply, request.params.sessionId),
    );

    const others = { tags, summary: 'Sign out everywhere else', response: noContent };
    api.delete('/sessions/others', { ...needs('login'), schema: others }, async (request, reply) => {
      const { user, tokenId } = loginOf(request);
      await deps.sessions.endOthers(actorOf(deps, request), user.id, tokenId);
      return reply.status(204).send(null);
    });

    const all = { tags, summary: 'Sign out everywhere', response: noContent };
    api.delete('/sessions', { ...needs('login'), schema: all }, async (request, reply) => {
      await deps.sessions.endAll(actorOf(deps, request), loginOf(request).user.id);
      void reply.header('set-cookie', noLoginCookie(deps.client.isSecure(request)));
      return reply.status(204).send(null);
    });
  };
}

function ownAccountRoutes(deps: SessionDeps): FastifyPluginAsyncZod {
  return async (api) => {
    const me = { tags, summary: 'Who is signed in', response: { 200: Me } };
    api.get('/me', { ...needs('own-read'), schema: me }, async (request) => presentUser(userOf(request)));

    const change = {
      tags,
      summary: 'Change the own password',
      description: 'Ends every other login of the user.',
      body: PasswordChange,
      response: noContent,
    };
    api.put('/me/password', { ...needs('login'), schema: change }, async (request, reply) => {
      const login = loginOf(request);
      if (login.user.username === DEMO_ACCOUNT)
        throw new ApiProblem('not-allowed', 'The password of the demo account is a setting of the server');
      const { current, next } = request.body;
      const from = deps.client.from(request);
      const answer = await deps.identity.changePassword(login, current, next, from);
      if (answer.kind === 'delayed') throw tooManyAttempts(answer.retryAfterSeconds);
      if (answer.kind === 'wrong') {
        const faults = [{ field: 'body.current', rule: 'is not the current password' }];
        throw new ApiProblem('wrong-credentials', 'The current password is not right', { faults });
      }
      return reply.status(204).send(null);
    });
  };
}
