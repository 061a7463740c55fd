/** Who may publish to a service without a login. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createBatcher } from '../lib/batcher.ts';
import { clientAddress, type Networks } from '../lib/network.ts';
import type { Queryable } from '../store/database.ts';
import { findServices, type ServiceRecord } from '../store/service.ts';

export interface Publisher {
  /** The client's address, proxies already looked through. */
  readonly address: string;
  /** The service key it presented, if any. */
  readonly key: string | null;
}

/**
 * `open`: anybody. `network`: from the publishing networks, or with the service's key from anywhere. `key`: only
 * with the key. A service that does not exist is treated as `network`, so that outsiders cannot find out.
 */
export function mayPublish(
  service: Pick<ServiceRecord, 'publishPolicy' | 'publishKeyHash'> | null,
  publisher: Publisher,
  networks: Networks,
): boolean {
  const policy = service?.publishPolicy ?? 'network';
  if (policy === 'open') return true;
  if (
    service?.publishKeyHash &&
    publisher.key !== null &&
    timingSafeEqual(hashKey(publisher.key), service.publishKeyHash)
  )
    return true;
  return policy === 'network' && networks.has(publisher.address);
}

/** The part of an HTTP request that says where it comes from and what it presents. */
export interface PublishRequest {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly query: unknown;
}

export interface PublishAccess {
  allows(serviceId: string, publisher: Publisher): Promise<boolean>;
  allowsRequest(serviceId: string, request: PublishRequest): Promise<boolean>;
  clientAddress(request: Pick<PublishRequest, 'socket' | 'headers'>): string;
}

/** Policies are asked anew for every notification, so that a change counts at once, and together under load. */
export function createPublishAccess(
  database: Queryable,
  {
    trustedProxies,
    publishNetworks,
  }: { readonly trustedProxies: Networks; readonly publishNetworks: Networks },
): PublishAccess {
  const services = createBatcher<string, ServiceRecord | null>({
    maxBatch: 1_000,
    maxQueue: 20_000,
    lanes: 1,
    flush: async (ids) => {
      const found = await findServices(database, [...new Set(ids)]);
      return ids.map((id) => found.get(id) ?? null);
    },
  });
  const allows: PublishAccess['allows'] = async (serviceId, publisher) =>
    mayPublish(await services.add(serviceId), publisher, publishNetworks);
  const addressOf: PublishAccess['clientAddress'] = ({ socket, headers }) =>
    clientAddress(socket.remoteAddress ?? '', headers['x-forwarded-for'], trustedProxies);
  return {
    allows,
    clientAddress: addressOf,
    allowsRequest: (serviceId, request) =>
      allows(serviceId, { address: addressOf(request), key: presentedKey(request) }),
  };
}

/** What is kept of a key: 256 random bits need no slow hash. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** The key in `X-Service-Key`, in `Authorization: Bearer tsk_…`, or as `?key=` for programs that can only name a URL. */
export function presentedKey(request: Pick<PublishRequest, 'headers' | 'query'>): string | null {
  const { authorization, 'x-service-key': header } = request.headers;
  if (typeof header === 'string') return header;
  const bearer = typeof authorization === 'string' ? /^bearer +(tsk_\S+)$/i.exec(authorization)?.[1] : null;
  if (bearer) return bearer;
  const { key } = (request.query ?? {}) as { key?: unknown };
  return typeof key === 'string' ? key : null;
}
