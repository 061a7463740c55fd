/** Who is asking, in the Notify API's words (notify-api.md §1.4). */
import type { FastifyRequest } from 'fastify';
import type { User } from '../../identity/identity.ts';
import type { NotifyDeps } from './deps.ts';
import { NotifyFailure } from './failure.ts';

export async function requireUser(deps: NotifyDeps, request: FastifyRequest): Promise<User> {
  const result = await deps.identity.authenticate(request.headers.authorization);
  if (result.kind === 'user') return result.user;
  if (result.kind === 'inactive') throw new NotifyFailure(403, 'Inactive user');
  throw new NotifyFailure(401, result.detail, { 'www-authenticate': 'Bearer' });
}

export async function requireAdmin(deps: NotifyDeps, request: FastifyRequest): Promise<User> {
  const user = await requireUser(deps, request);
  if (!user.isAdmin) throw new NotifyFailure(403, "The user doesn't have enough privileges");
  return user;
}
