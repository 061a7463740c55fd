/** HTTP with TLS. Fastify's types would carry the kind of server through every route; the routes need not know. */
import type { Server, ServerOptions } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { FastifyHttpOptions, FastifyInstance } from 'fastify';
import { followHandshakes } from '../../lib/tls-handshakes.ts';
import { type TlsPair, tlsOptions } from '../../lib/tls-pair.ts';

/** The part of Fastify's options that makes its server; `tls` null: in the clear. */
export function serverOptions(tls: TlsPair | null, http: ServerOptions): FastifyHttpOptions<Server> {
  if (!tls) return { http };
  const https = { ...http, ...tlsOptions(tls), handshakeTimeout: http.headersTimeout };
  return { https } as FastifyHttpOptions<Server>;
}

/** For a server that was built with TLS: a handshake that hangs does not hold up its end. */
export function endHandshakes(http: FastifyInstance): void {
  const end = followHandshakes(http.server as unknown as TlsServer);
  http.addHook('preClose', async () => end());
}

/** For new connections to a server that was built with TLS. */
export function useCertificate({ server }: FastifyInstance, pair: TlsPair): void {
  (server as unknown as TlsServer).setSecureContext(tlsOptions(pair));
}
