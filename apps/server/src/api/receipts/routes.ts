import { Receipt } from '@tocsin/contract';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { nobodyAt } from '../../audit/entry.ts';
import type { ApiDeps } from '../deps.ts';
import { needs } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent } from '../edge/schema.ts';

/** A web app of another origin may report too: the token says all, no cookie is involved (Fetch standard, CORS). */
const ANY_ORIGIN = { 'access-control-allow-origin': '*' };
const PREFLIGHT = {
  ...ANY_ORIGIN,
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'content-type',
  'access-control-max-age': '86400',
};

/** The device's own word. The token in the payload is the authorisation: a service worker has no login. */
export function receiptRoutes(deps: Pick<ApiDeps, 'receipts' | 'audit' | 'client'>): FastifyPluginAsyncZod {
  return async (api) => {
    // Refusals too: a page that may not read them could not tell "wrong token" from "no network".
    api.addHook('onRequest', async (_request, reply) => void reply.headers(ANY_ORIGIN));
    api.options('/receipts', { ...needs('nobody'), schema: { hide: true } }, async (_request, reply) =>
      reply.status(204).headers(PREFLIGHT).send(null),
    );
    const schema = {
      tags: ['receipts'],
      summary: 'Report received, displayed, opened or dismissed',
      body: Receipt,
      response: noContent,
    };
    api.post('/receipts', { ...needs('nobody'), schema }, async (request, reply) => {
      if (!(await deps.receipts.record(request.body))) throw refused(deps, request);
      return reply.status(204).send(null);
    });
  };
}

function refused({ audit, client }: Pick<ApiDeps, 'audit' | 'client'>, request: FastifyRequest): ApiProblem {
  const detail = 'the token was not issued by this server';
  audit.refused(nobodyAt(client.place(request)), { action: 'receipt.record', subject: 'delivery', detail });
  return new ApiProblem('unknown-receipt-token');
}
