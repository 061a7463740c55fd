/** Too many requests of one address are refused before anything is done for them; callers are counted in access.ts. */
import type { FastifyInstance } from 'fastify';
import type { Networks } from '../../lib/network.ts';
import type { ApiDeps } from '../deps.ts';

/** What watches the server must hear of it most of all when there is too much. */
const NOT_COUNTED: ReadonlySet<string> = new Set(['/-/health', '/-/ready', '/metrics']);

export function limitAddresses(
  http: FastifyInstance,
  { limits, client }: Pick<ApiDeps, 'limits' | 'client'>,
  exempt: Networks,
): void {
  http.addHook('onRequest', (request, _reply, done) => {
    const address = client.address(request);
    if (!exempt.has(address) && !NOT_COUNTED.has(request.url)) limits.address(address, request.id);
    done();
  });
}
