/** The built phone app: its files, and its page for every address that is no file and no API. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Everything comes from files of this server, and from nowhere else; `style` is what the page may add besides. */
const policy = (style: string) =>
  [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self'${style}`,
    "style-src-attr 'none'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
  ].join('; ');

const FILE_POLICY = policy('');
const PAGE = 'index.html';
/** Ionic's components bring their styles as elements, which carry the nonce that the page names. */
const NONCE_IN_PAGE = '{{style-nonce}}';

/** Answers with the page, or returns null when this is not an address of the app. */
export type SendPage = (request: FastifyRequest, reply: FastifyReply) => FastifyReply | null;

export async function serveInbox(http: FastifyInstance, directory: string): Promise<SendPage> {
  if (!existsSync(directory)) return () => null;
  await http.register(fastifyStatic, {
    root: directory,
    wildcard: false,
    index: false,
    globIgnore: [PAGE],
    setHeaders: (reply, path) => {
      // Also for the service worker: it obeys the policy that it came with.
      void reply.header('content-security-policy', FILE_POLICY);
      // Vite names assets by their content; everything else must be asked for again.
      void reply.header(
        'cache-control',
        path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    },
  });
  const page = readFileSync(join(directory, PAGE), 'utf8');
  return (request, reply) => (isScreen(request) ? sendPage(reply, page) : null);
}

function isScreen({ url, method }: FastifyRequest): boolean {
  const path = url.split('?')[0] ?? '';
  if (method !== 'GET' && method !== 'HEAD') return false;
  return path === `/${PAGE}` || !(path.startsWith('/api/') || /\.[a-z0-9]+$/i.test(path));
}

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  const nonce = randomBytes(16).toString('base64');
  return reply
    .header('content-security-policy', policy(` 'nonce-${nonce}'`))
    .header('cache-control', 'no-cache')
    .type('text/html; charset=utf-8')
    .send(page.replaceAll(NONCE_IN_PAGE, nonce));
}
