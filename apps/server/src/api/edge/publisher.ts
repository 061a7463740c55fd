/** Who publishes: anybody may try, and what it shows is judged. */
import type { FastifyRequest } from 'fastify';
import type { User } from '../../identity/caller.ts';
import { presentedKey } from '../../identity/publish-access.ts';
import type { ApiDeps } from '../deps.ts';
import { authorizationOf } from './access.ts';

export type PublisherDeps = Pick<ApiDeps, 'identity' | 'client' | 'access'>;

/** False: not to this service, not from there, not with that. Throws `TooManyRequests`. */
export async function mayPublish(
  deps: PublisherDeps,
  serviceId: string,
  request: FastifyRequest,
): Promise<boolean> {
  const { client, access } = deps;
  const key = presentedKey(request);
  return access.allows(serviceId, {
    address: client.address(request),
    key,
    user: key === null ? await userOf(deps, request) : null,
    isDisguised: client.isDisguised(request),
  });
}

/** A login that is no longer good does not keep a program from publishing where it needs none. */
async function userOf({ identity, client }: PublisherDeps, request: FastifyRequest): Promise<User | null> {
  const authorization = authorizationOf(client, request);
  if (authorization === undefined) return null;
  const result = await identity.authenticate(authorization, client.place(request));
  return result.kind === 'login' ? result.user : null;
}
