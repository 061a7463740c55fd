/** Who is asking, in the Notify API's words (notify-api.md §1.4). */
import type { FastifyRequest } from 'fastify';
import { type Actor, personAt } from '../../audit/entry.ts';
import { may, type Need, type User } from '../../identity/caller.ts';
import type { NotifyDeps } from './deps.ts';
import { NotifyFailure } from './failure.ts';

export function requireUser(deps: NotifyDeps, request: FastifyRequest): Promise<User> {
  return require(deps, request, request.method === 'GET' ? 'own-read' : 'own-write');
}

export function requireAdmin(deps: NotifyDeps, request: FastifyRequest): Promise<User> {
  return require(deps, request, 'admin');
}

async function require(deps: NotifyDeps, request: FastifyRequest, need: Need): Promise<User> {
  const place = deps.client.place(request);
  const result = await deps.identity.authenticate(request.headers.authorization, place);
  if (result.kind === 'inactive') throw new NotifyFailure(403, 'Inactive user');
  if (result.kind === 'refused')
    throw new NotifyFailure(401, result.detail, { 'www-authenticate': 'Bearer' });
  deps.limits.caller(result, place);
  if (!result.user || !may(result, need))
    throw new NotifyFailure(403, "The user doesn't have enough privileges");
  return result.user;
}

/** For the audit log. */
export function actorOf({ client }: Pick<NotifyDeps, 'client'>, user: User, request: FastifyRequest): Actor {
  return personAt(user, client.place(request));
}
