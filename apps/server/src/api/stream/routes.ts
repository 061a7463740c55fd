import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { LiveEvent } from '../../live/hub.ts';
import type { ApiDeps } from '../deps.ts';
import { requireLogin } from '../edge/login.ts';
import { presentInboxItem } from '../inbox/present.ts';

const KEEP_ALIVE_MS = 15_000;
/** A reader this far behind is cut off; it resumes with Last-Event-ID and misses nothing. */
const MOST_BUFFERED_BYTES = 4 * 1024 * 1024;

/** Server-sent events (WHATWG HTML §9.2): one `notification` per inbox item, `inbox` for marks made elsewhere. */
export function streamRoutes(deps: Pick<ApiDeps, 'identity' | 'live'>): FastifyPluginAsyncZod {
  return async (api) => {
    const headers = z.object({
      'last-event-id': z
        .string()
        .regex(/^[0-9]{1,15}$/)
        .optional(),
    });
    const schema = {
      tags: ['inbox'],
      summary: 'Follow the inbox live; resumes after Last-Event-ID',
      headers,
    };
    api.get('/stream', { schema }, async (request, reply) => {
      const { user } = await requireLogin(deps.identity, request);
      const last = request.headers['last-event-id'];
      reply.hijack();
      const socket = reply.raw;
      socket.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      socket.write('retry: 1000\n\n');
      const write = (event: LiveEvent) => {
        if (socket.writableLength > MOST_BUFFERED_BYTES) socket.destroy();
        else socket.write(toFrame(event));
      };
      const stop = await deps.live.listen(user.id, last === undefined ? null : Number(last), write);
      const keepAlive = setInterval(() => socket.write(': still here\n\n'), KEEP_ALIVE_MS);
      const end = () => {
        clearInterval(keepAlive);
        stop();
      };
      if (socket.destroyed) end();
      else socket.on('close', end);
      return reply;
    });
  };
}

function toFrame(event: LiveEvent): string {
  if (event.type === 'inbox') {
    return `event: inbox\ndata: ${JSON.stringify({ id: event.id, status: event.status })}\n\n`;
  }
  const item = presentInboxItem(event.item);
  return `id: ${item.id}\nevent: notification\ndata: ${JSON.stringify(item)}\n\n`;
}
