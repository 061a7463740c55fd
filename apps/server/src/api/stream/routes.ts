import type { ServerResponse } from 'node:http';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { LiveEvent } from '../../live/hub.ts';
import { POSITION_SHAPE, parsePosition } from '../../live/position.ts';
import type { ApiDeps, StreamLimits } from '../deps.ts';
import { loginOf, needs } from '../edge/access.ts';
import { commonHeadersOf, type FlatHeaders } from '../edge/common-headers.ts';
import { presentInboxItem } from '../inbox/present.ts';

const LIMITS: StreamLimits = {
  keepAliveMs: 15_000,
  mostBufferedBytes: 256 * 1024,
  patienceMs: 30_000,
};

const headers = z.object({
  'last-event-id': z
    .string()
    .max(4_096)
    .regex(POSITION_SHAPE, 'must be the id of an event of this stream')
    .optional(),
});
const schema = {
  tags: ['inbox'],
  summary: 'Follow the inbox live',
  description:
    'Server-sent events (WHATWG HTML §9.2): `notification` for each new inbox item, `inbox` for marks made elsewhere. ' +
    'Resumes after `Last-Event-ID`. Ends with the login.',
  headers,
  response: { 200: { description: 'Events', content: { 'text/event-stream': { schema: z.string() } } } },
};

/** One `notification` per inbox item, `inbox` for marks made elsewhere. */
export function streamRoutes(deps: Pick<ApiDeps, 'live' | 'stream'>): FastifyPluginAsyncZod {
  const limits = { ...LIMITS, ...deps.stream };
  return async (api) => {
    // A HEAD would listen too, for ever and in vain.
    api.get('/stream', { ...needs('login'), schema, exposeHeadRoute: false }, async (request, reply) => {
      const { user, tokenId } = loginOf(request);
      const last = request.headers['last-event-id'];
      const feed = createFeed(reply.raw, limits, deps.live.wake);
      // Until this resolves an ordinary answer is still possible: the database may be away.
      const stop = await deps.live.listen({
        userId: user.id,
        tokenId,
        since: last === undefined ? null : parsePosition(last),
        isReady: feed.isReady,
        onEvent: feed.write,
        onEnd: feed.end,
      });
      reply.hijack();
      feed.open(commonHeadersOf(request), stop);
      return reply;
    });
  };
}

/** Writes events to a client; what comes before `open` waits for the head of the answer. */
function createFeed(socket: ServerResponse, limits: StreamLimits, onReady: () => void) {
  let early = 'retry: 1000\n\n';
  let opened = false;
  let ended = false;
  let patience: NodeJS.Timeout | null = null;
  const isFull = () => (opened ? socket.writableLength : early.length) > limits.mostBufferedBytes;
  const send = (text: string) => {
    if (opened) socket.write(text);
    else early += text;
    if (isFull()) patience ??= setTimeout(() => socket.destroy(), limits.patienceMs);
  };
  const relax = () => {
    if (patience === null || isFull()) return;
    clearTimeout(patience);
    patience = null;
    onReady();
  };
  return {
    isReady: () => !isFull(),
    write: (event: LiveEvent) => send(toFrame(event)),
    end() {
      ended = true;
      if (opened) socket.end();
    },
    open(headers: FlatHeaders, stop: () => void) {
      const keepAlive = setInterval(() => send(': still here\n\n'), limits.keepAliveMs);
      const close = () => {
        clearInterval(keepAlive);
        if (patience) clearTimeout(patience);
        stop();
      };
      if (socket.destroyed) return close();
      socket.on('close', close);
      socket.on('drain', relax);
      socket.writeHead(200, [...HEAD, ...headers]);
      opened = true;
      socket.write(early);
      relax();
      if (ended) socket.end();
    },
  };
}

const HEAD = ['content-type', 'text/event-stream; charset=utf-8', 'x-accel-buffering', 'no'];

function toFrame(event: LiveEvent): string {
  if (event.type === 'inbox') {
    return `event: inbox\ndata: ${JSON.stringify({ id: event.id, status: event.status })}\n\n`;
  }
  const item = presentInboxItem(event.item);
  return `id: ${event.position}\nevent: notification\ndata: ${JSON.stringify(item)}\n\n`;
}
