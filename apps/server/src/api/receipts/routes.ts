import { Receipt } from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiDeps } from '../deps.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent } from '../edge/schema.ts';

/** The device's own word. The token in the payload is the authorisation: a service worker has no login. */
export function receiptRoutes(deps: Pick<ApiDeps, 'receipts'>): FastifyPluginAsyncZod {
  return async (api) => {
    const schema = {
      tags: ['receipts'],
      summary: 'Report received, displayed, opened or dismissed',
      body: Receipt,
      response: noContent,
    };
    api.post('/receipts', { schema, config: { cors: true } }, async (request, reply) => {
      if (!(await deps.receipts.record(request.body))) throw new ApiProblem('unknown-receipt-token');
      return reply.status(204).send(null);
    });
  };
}
