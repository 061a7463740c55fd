/** The link of a one-time code and its picture. */
import type { FastifyRequest } from 'fastify';
import encodeQR from 'qr';
import type { GivenCode } from '../../administration/one-time-codes.ts';
import type { ApiDeps } from '../deps.ts';

type LinkDeps = Pick<ApiDeps, 'client' | 'publicUrl'>;

/** The code stands in the fragment, which a browser sends to nobody: not to a server, a proxy or a log. */
export function presentLink(deps: LinkDeps, request: FastifyRequest, { code, expiresAt }: GivenCode) {
  const url = `${originOf(deps, request)}/welcome#${code}`;
  return {
    url,
    code,
    expiresAt: expiresAt.toISOString(),
    qr: encodeQR(url, 'svg', { ecc: 'medium', border: 4 }),
  };
}

function originOf({ client, publicUrl }: LinkDeps, request: FastifyRequest): string {
  if (publicUrl !== null) return publicUrl.replace(/\/+$/, '');
  return `${client.isSecure(request) ? 'https' : 'http'}://${request.headers.host ?? request.hostname}`;
}
