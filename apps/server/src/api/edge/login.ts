/** Who is asking. Routes call these; they throw the problem that is answered. */
import type { FastifyRequest } from 'fastify';
import type { Identity, Login } from '../../identity/identity.ts';
import { ApiProblem } from './problem.ts';

export async function requireLogin(identity: Identity, request: FastifyRequest): Promise<Login> {
  const result = await identity.authenticate(request.headers.authorization);
  if (result.kind === 'user') return result;
  if (result.kind === 'inactive') throw new ApiProblem('inactive-user');
  throw new ApiProblem('not-authenticated', result.detail);
}

export async function requireAdmin(identity: Identity, request: FastifyRequest): Promise<Login> {
  const login = await requireLogin(identity, request);
  if (!login.user.isAdmin) throw new ApiProblem('not-allowed', 'Only an administrator may do that');
  return login;
}
