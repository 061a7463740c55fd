import { AccessKey, AccessKeyList, KeyRotation, NewPersonalKey, NewServiceKey } from '@tocsin/contract';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type KeyOwner, listKeys, type Scope } from '../../store/access-key.ts';
import type { ApiDeps } from '../deps.ts';
import { actorOf, loginOf, needs } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent, rowParameter, serviceParams } from '../edge/schema.ts';
import { invalidInput } from '../edge/validate.ts';
import { requireManager } from '../services/manager.ts';
import { presentKey } from './present.ts';

const tags = ['keys'];
const ROTATION = 'The old key works for `overlapSeconds` more. The new key is shown once.';
const SHOWN_ONCE = 'The key is shown once.';
const unknown = (keyId: number) => new ApiProblem('not-found', `There is no key ${keyId}`);

/** The keys of the signed-in person: only a login makes and ends them, so that no key begets another. */
export function personalKeyRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const owner = (request: FastifyRequest): KeyOwner => ({ userId: loginOf(request).user.id });
  return async (api) => {
    const list = { tags, summary: 'List the own keys', response: { 200: AccessKeyList } };
    api.get('/me/keys', { ...needs('login'), schema: list }, async (request) => {
      const keys = await listKeys(deps.database, owner(request));
      return { items: keys.map((key) => presentKey(key)) };
    });

    const create = {
      tags,
      summary: 'Make a personal key',
      description: SHOWN_ONCE,
      body: NewPersonalKey,
      response: { 201: AccessKey },
    };
    api.post('/me/keys', { ...needs('login'), schema: create }, async (request, reply) => {
      const { name, scopes, serviceIds = null, monitorIds = null } = request.body;
      const wish = {
        name,
        scopes: unique(scopes),
        serviceIds,
        monitorIds,
        expiresAt: endOf(deps, request.body),
      };
      const { record, text } = await deps.accessKeys.create(actorOf(deps, request), owner(request), wish);
      return reply.status(201).send(presentKey(record, text));
    });
    const params = z.object({ keyId: rowParameter });
    const rotate = {
      tags,
      summary: 'Replace an own key',
      description: ROTATION,
      params,
      body: KeyRotation,
      response: { 201: AccessKey },
    };
    api.post('/me/keys/:keyId/rotation', { ...needs('login'), schema: rotate }, async (request, reply) => {
      const key = await rotated(deps, request, owner(request), request.params.keyId, request.body);
      return reply.status(201).send(key);
    });
    const revoke = { tags, summary: 'Revoke an own key', params, response: noContent };
    api.delete('/me/keys/:keyId', { ...needs('login'), schema: revoke }, async (request, reply) => {
      const { keyId } = request.params;
      if (!(await deps.accessKeys.revoke(actorOf(deps, request), owner(request), keyId)))
        throw unknown(keyId);
      return reply.status(204).send(null);
    });
  };
}

/** The keys that publish to a service; for its owners and administrators. */
export function serviceKeyRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  return async (api) => {
    const list = {
      tags,
      summary: "List a service's keys",
      params: serviceParams,
      response: { 200: AccessKeyList },
    };
    api.get('/services/:serviceId/keys', { ...needs('own-read'), schema: list }, async (request) => {
      const { serviceId } = request.params;
      await requireManager(deps, request, serviceId, 'or-auditor');
      const keys = await listKeys(deps.database, { serviceId });
      return { items: keys.map((key) => presentKey(key)) };
    });

    const create = {
      tags,
      summary: 'Make a key that publishes to a service',
      description: `${SHOWN_ONCE} To let only keys publish, change the policy of the service to \`key\`.`,
      params: serviceParams,
      body: NewServiceKey,
      response: { 201: AccessKey },
    };
    api.post('/services/:serviceId/keys', { ...needs('manage'), schema: create }, async (request, reply) => {
      const { serviceId } = request.params;
      await requireManager(deps, request, serviceId);
      const { name } = request.body;
      const scopes: Scope[] = ['publish'];
      const wish = { name, scopes, serviceIds: null, monitorIds: null, expiresAt: endOf(deps, request.body) };
      const { record, text } = await deps.accessKeys.create(actorOf(deps, request), { serviceId }, wish);
      return reply.status(201).send(presentKey(record, text));
    });

    const params = serviceParams.extend({ keyId: rowParameter });
    const rotate = {
      tags,
      summary: "Replace a service's key",
      description: ROTATION,
      params,
      body: KeyRotation,
      response: { 201: AccessKey },
    };
    const rotation = '/services/:serviceId/keys/:keyId/rotation';
    api.post(rotation, { ...needs('manage'), schema: rotate }, async (request, reply) => {
      const { serviceId, keyId } = request.params;
      await requireManager(deps, request, serviceId);
      return reply.status(201).send(await rotated(deps, request, { serviceId }, keyId, request.body));
    });

    const revoke = { tags, summary: "Revoke a service's key", params, response: noContent };
    api.delete(
      '/services/:serviceId/keys/:keyId',
      { ...needs('manage'), schema: revoke },
      async (request, reply) => {
        const { serviceId, keyId } = request.params;
        await requireManager(deps, request, serviceId);
        if (!(await deps.accessKeys.revoke(actorOf(deps, request), { serviceId }, keyId)))
          throw unknown(keyId);
        return reply.status(204).send(null);
      },
    );
  };
}

async function rotated(
  deps: ApiDeps,
  request: FastifyRequest,
  owner: KeyOwner,
  keyId: number,
  wish: z.output<typeof KeyRotation>,
) {
  const { overlapSeconds } = wish;
  const terms = { overlapSeconds, expiresAt: endOf(deps, wish) };
  const given = await deps.accessKeys.rotate(actorOf(deps, request), owner, keyId, terms);
  if (!given) throw unknown(keyId);
  return presentKey(given.record, given.text);
}

const unique = (scopes: readonly Scope[]) => [...new Set(scopes)];

/** Null: it does not expire. */
function endOf({ clock }: ApiDeps, { expiresAt }: { readonly expiresAt?: string | undefined }): Date | null {
  if (expiresAt === undefined) return null;
  const end = new Date(expiresAt);
  if (end.getTime() <= clock())
    throw invalidInput([{ field: 'body.expiresAt', rule: 'must be in the future', value: expiresAt }]);
  return end;
}
