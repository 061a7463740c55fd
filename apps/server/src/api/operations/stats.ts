import { wholeNumber } from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { eventName } from '../../receipts/states.ts';
import { countEventsSince } from '../../store/delivery-event.ts';
import { queueDepth } from '../../store/progress.ts';
import type { ApiDeps } from '../deps.ts';
import { needs } from '../edge/access.ts';

const Stats = z
  .object({
    windowSeconds: z.int(),
    events: z.record(z.string(), z.int()),
    queue: z.object({ chunks: z.int(), retries: z.int(), oldestWaitMs: z.int() }),
    parkedProviders: z.array(z.object({ provider: z.string(), reason: z.string(), until: z.string() })),
    liveListeners: z.int(),
  })
  .meta({ id: 'Stats' });

export function statsRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  return async (api) => {
    const querystring = z.object({
      windowSeconds: wholeNumber(1, 86_400).default(3_600),
    });
    const schema = {
      tags: ['operations'],
      summary: 'Deliveries, queue and providers',
      querystring,
      response: { 200: Stats },
    };
    api.get('/stats', { ...needs('review'), schema }, async (request) => {
      const { windowSeconds } = request.query;
      const now = deps.clock();
      const counted = await countEventsSince(deps.database, new Date(now - windowSeconds * 1_000));
      const depth = await queueDepth(deps.database);
      const parkings = await deps.parkings();
      return {
        windowSeconds,
        events: Object.fromEntries(counted.map(({ event, count }) => [eventName(event), count])),
        queue: {
          chunks: depth.chunks,
          retries: depth.retries,
          oldestWaitMs: depth.oldestMs === 0 ? 0 : Math.max(0, now - depth.oldestMs),
        },
        parkedProviders: parkings.map(({ provider, reason, parkedUntil }) => ({
          provider,
          reason,
          until: new Date(parkedUntil).toISOString(),
        })),
        liveListeners: deps.live.listeners,
      };
    });
  };
}
