/** Who manages a service: its owners and administrators. */
import type { FastifyRequest } from 'fastify';
import { findServiceFor, type ServiceForUser } from '../../store/service.ts';
import type { ApiDeps } from '../deps.ts';
import { userOf } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';

/** The service, when the caller manages it, or may at least review it. A service the caller may not see is not there. */
export async function requireManager(
  { database }: Pick<ApiDeps, 'database'>,
  request: FastifyRequest,
  serviceId: string,
  who: 'only' | 'or-auditor' = 'only',
): Promise<ServiceForUser> {
  const user = userOf(request);
  const service = await findServiceFor(database, user.id, serviceId);
  if (!service) throw new ApiProblem('not-found', `There is no service ${serviceId}`);
  if (user.isAdmin || service.isOwned || (who === 'or-auditor' && user.isAuditor)) return service;
  throw new ApiProblem('not-allowed', 'Only an owner of the service or an administrator may do that');
}
