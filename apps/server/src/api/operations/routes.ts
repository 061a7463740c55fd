/** For those who run the server: alive, ready, metrics. */
import type { FastifyPluginAsync } from 'fastify';
import type { Metrics } from '../../lib/metrics.ts';
import type { Queryable } from '../../store/database.ts';

export interface OperationsDeps {
  readonly database: Queryable;
  readonly metrics: Metrics;
  /** What is wrong with the broker, or null. */
  readonly brokerFault: () => string | null;
  /** Providers that are parked on any node, with the reason. */
  readonly parkings: () => Promise<readonly { provider: string; reason: string; parkedUntil: number }[]>;
}

const DATABASE_PATIENCE_MS = 2_000;

export function operationsRoutes(deps: OperationsDeps): FastifyPluginAsync {
  return async (api) => {
    api.get('/-/health', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('text/plain').send('OK'),
    );

    api.get('/-/ready', { schema: { hide: true } }, async (_request, reply) => {
      const database = await databaseFault(deps.database);
      const broker = deps.brokerFault();
      const parkings = database === null ? await deps.parkings() : [];
      const providers = parkings.map(({ provider, reason, parkedUntil }) => ({
        provider,
        state: 'parked',
        reason,
        until: new Date(parkedUntil).toISOString(),
      }));
      // A parked provider is worth knowing and no reason to take this node out of service.
      const ready = database === null && broker === null;
      return reply.status(ready ? 200 : 503).send({
        status: ready ? 'ready' : 'not-ready',
        database: database ?? 'ok',
        broker: broker ?? 'ok',
        providers,
      });
    });

    api.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
      return reply.type(deps.metrics.contentType).send(await deps.metrics.render());
    });
  };
}

async function databaseFault(database: Queryable): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer'), DATABASE_PATIENCE_MS);
  });
  const asked = database.query('select 1', [], 'ready').then(
    () => null,
    () => 'away',
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
