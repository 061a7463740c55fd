/** The built phone app: its files, and its page for every address that is no file and no API. */
import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const PAGE_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'";

/** Answers with the page, or returns null when this is not an address of the app. */
export type SendPage = (request: FastifyRequest, reply: FastifyReply) => FastifyReply | null;

export async function serveInbox(http: FastifyInstance, directory: string): Promise<SendPage> {
  if (!existsSync(directory)) return () => null;
  await http.register(fastifyStatic, {
    root: directory,
    wildcard: false,
    index: false,
    setHeaders: (reply, path) => {
      // Vite names assets by their content; everything else must be asked for again.
      void reply.header(
        'cache-control',
        path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    },
  });
  return (request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead || path.startsWith('/api/') || /\.[a-z0-9]+$/i.test(path)) return null;
    return reply
      .header('content-security-policy', PAGE_POLICY)
      .header('cache-control', 'no-cache')
      .sendFile('index.html');
  };
}
