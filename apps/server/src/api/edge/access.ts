/**
 * Who is asking, and may they. Every route of v3 declares what it needs; one that does not is refused at start. Asked
 * before the body is read: nobody without a login sends a megabyte.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Actor, personAt } from '../../audit/entry.ts';
import { type Caller, type Login, may, type Need, type User } from '../../identity/caller.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiProblem } from './problem.ts';
import { isOwnPage, readLoginCookie } from './session-cookie.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    need?: Need | 'nobody';
  }
  interface FastifyRequest {
    /** Null where nobody needs to be known. */
    caller: Caller | null;
  }
}

type AccessDeps = Pick<ApiDeps, 'identity' | 'client' | 'limits'>;

/** For the options of a route: what it needs of who asks. */
export const needs = (need: Need | 'nobody') => ({ config: { need } });

/** Guards all routes that are registered after it. */
export function guardRoutes(api: FastifyInstance, deps: AccessDeps): void {
  api.decorateRequest('caller', null);
  api.addHook('onRoute', ({ config, method, url }) => {
    if (config?.need === undefined) throw new Error(`${String(method)} ${url} does not say what it needs`);
  });
  api.addHook('onRequest', async (request) => {
    const need = request.routeOptions.config.need ?? 'nobody';
    if (need === 'nobody' || request.is404) return;
    const caller = await recognise(deps, request);
    if (!may(caller, need)) throw new ApiProblem('not-allowed', REASONS[need]);
    request.caller = caller;
  });
}

const REASONS: Readonly<Record<Need, string>> = {
  login: 'Only a person that signed in may do that, no key',
  'own-read': 'The key has neither the scope `read` nor `admin`',
  'own-write': 'The key has not the scope `admin`',
  review: 'Only an administrator or an auditor may see that, and a key with the scope `read` or `admin`',
  manage: 'The key has not the scope `admin`',
  admin: 'Only an administrator may do that',
};

async function recognise({ identity, client, limits }: AccessDeps, request: FastifyRequest): Promise<Caller> {
  const place = client.place(request);
  const result = await identity.authenticate(authorizationOf(client, request), place);
  if (result.kind === 'inactive') throw new ApiProblem('inactive-user');
  if (result.kind === 'refused') throw new ApiProblem('not-authenticated', result.detail);
  // Also what is then refused counts.
  limits.caller(result, place);
  return result;
}

/** The Authorization header, or the login in the cookie as one. Refuses a cookie that another site made a browser send. */
export function authorizationOf(client: ApiDeps['client'], request: FastifyRequest): string | undefined {
  const { authorization, cookie } = request.headers;
  const token = authorization === undefined ? readLoginCookie(cookie, client.isSecure(request)) : null;
  if (token === null) return authorization;
  if (!isOwnPage(request)) throw new ApiProblem('cross-site');
  return `Bearer ${token}`;
}

/** Who asks; only for routes that need somebody. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error('this route asked for nobody');
  return request.caller;
}

/** The person that asks, also behind a personal key. */
export function userOf(request: FastifyRequest): User {
  const { user } = callerOf(request);
  if (!user) throw new Error('this route asked for no person');
  return user;
}

/** The login that asks; only for routes that need one. */
export function loginOf(request: FastifyRequest): Login {
  const caller = callerOf(request);
  if (caller.kind !== 'login') throw new Error('this route asked for no login');
  return caller;
}

/** For the audit log. */
export function actorOf({ client }: Pick<ApiDeps, 'client'>, request: FastifyRequest): Actor {
  const caller = callerOf(request);
  const place = client.place(request);
  if (caller.kind === 'login') return personAt(caller.user, place);
  return {
    kind: 'key',
    id: caller.user?.id ?? null,
    name: [caller.user?.username, caller.name].filter(Boolean).join(' / '),
    ...place,
  };
}
