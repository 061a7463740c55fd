/** Where a request comes from: the one place that looks through proxies, and only through those that are trusted. */
import type { FastifyRequest } from 'fastify';
import type { Place } from '../../audit/entry.ts';
import type { From } from '../../identity/deps.ts';
import { clientAddress, type Networks } from '../../lib/network.ts';
import { deviceName } from './device-name.ts';

type Seen = Pick<FastifyRequest, 'headers' | 'socket' | 'id'>;

export interface Client {
  address(request: Seen): string;
  /** Encrypted up to this server, or up to a proxy that is trusted to say so. */
  isSecure(request: Seen): boolean;
  /** It names an address as its own though it is no trusted proxy. */
  isDisguised(request: Seen): boolean;
  place(request: Seen): Place;
  /** For signing in only: naming the device costs more than recognising a caller. */
  from(request: Seen, device?: string): From;
}

export function createClient(trustedProxies: Networks): Client {
  const isProxy = ({ socket }: Seen) => trustedProxies.has(socket.remoteAddress ?? '');
  const address = ({ socket, headers }: Seen) =>
    clientAddress(socket.remoteAddress ?? '', headers['x-forwarded-for'], trustedProxies);
  const place = (request: Seen) => ({ address: address(request), requestId: request.id });
  return {
    address,
    place,
    isSecure: (request) =>
      'encrypted' in request.socket || (isProxy(request) && request.headers['x-forwarded-proto'] === 'https'),
    isDisguised: (request) => request.headers['x-forwarded-for'] !== undefined && !isProxy(request),
    from: (request, device) => ({
      ...place(request),
      device: device || deviceName(request.headers['user-agent'] ?? ''),
    }),
  };
}
