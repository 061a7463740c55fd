import { ApnsCredentials, FcmCredentials, ProviderList, ProviderName } from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { isP256Key, isPrivateKey } from '../../lib/pem.ts';
import type { ApiDeps } from '../deps.ts';
import { actorOf, needs } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent } from '../edge/schema.ts';
import { invalidInput } from '../edge/validate.ts';

const tags = ['providers'];

/** Apple and Google: what the server may send with. What was given is never shown again. */
export function providerRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const { providerCredentials } = deps;
  return async (api) => {
    const list = { tags, summary: 'List providers and how they are set up', response: { 200: ProviderList } };
    api.get('/providers', { ...needs('review'), schema: list }, async () => {
      const parkings = await deps.parkings();
      const items = (await deps.providers()).map(({ name, source, about }) => ({
        name,
        source,
        about: { ...about },
        parked: parkings
          .filter(({ provider }) => provider.split(' ')[0] === name)
          .map(({ provider, reason, parkedUntil }) => ({
            provider,
            reason,
            until: new Date(parkedUntil).toISOString(),
          })),
      }));
      return { items };
    });

    const apns = { tags, summary: 'Set up Apple’s push', body: ApnsCredentials, response: noContent };
    api.put('/providers/apns', { ...needs('admin'), schema: apns }, async (request, reply) => {
      await refuseFiles(deps, 'apns');
      const { p8, ...about } = request.body;
      if (!isP256Key(p8))
        throw invalidInput([{ field: 'body.p8', rule: 'must be the text of a .p8 private key (P-256)' }]);
      await providerCredentials.set(actorOf(deps, request), 'apns', request.body, about);
      return reply.status(204).send(null);
    });

    const fcm = { tags, summary: 'Set up Google’s push', body: FcmCredentials, response: noContent };
    api.put('/providers/fcm', { ...needs('admin'), schema: fcm }, async (request, reply) => {
      await refuseFiles(deps, 'fcm');
      const { serviceAccount } = request.body;
      if (!isPrivateKey(serviceAccount.private_key))
        throw invalidInput([
          { field: 'body.serviceAccount.private_key', rule: 'must be a private key (PEM)' },
        ]);
      const { project_id: projectId, client_email: clientEmail } = serviceAccount;
      const about = { projectId, clientEmail };
      await providerCredentials.set(actorOf(deps, request), 'fcm', serviceAccount, about);
      return reply.status(204).send(null);
    });

    const params = z.object({ name: ProviderName });
    const remove = { tags, summary: 'Forget what was given', params, response: noContent };
    api.delete('/providers/:name', { ...needs('admin'), schema: remove }, async (request, reply) => {
      const { name } = request.params;
      if (!(await providerCredentials.remove(actorOf(deps, request), name)))
        throw new ApiProblem('not-found', `Nothing was given for ${name}`);
      return reply.status(204).send(null);
    });
  };
}

async function refuseFiles(deps: ApiDeps, name: 'apns' | 'fcm'): Promise<void> {
  const provider = (await deps.providers()).find((one) => one.name === name);
  if (provider?.source === 'file') throw new ApiProblem('set-up-by-settings');
}
