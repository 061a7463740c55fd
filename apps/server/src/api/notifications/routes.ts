import { createHash } from 'node:crypto';
import {
  AcceptedNotification,
  AddressedNotification,
  Cursor,
  DeliveryCounts,
  DeliveryLog,
  PublishNotification,
  wholeNumber,
} from '@tocsin/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { may } from '../../identity/caller.ts';
import type { Acceptance, Draft } from '../../ingest/draft.ts';
import { unknownDevices, unknownUsers } from '../../store/audience.ts';
import { countEventSets, listEvents } from '../../store/delivery-event.ts';
import { findNotification } from '../../store/notification.ts';
import { countChunksOf } from '../../store/progress.ts';
import { isOwner } from '../../store/service-owner.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf, needs, userOf } from '../edge/access.ts';
import { answerAtOnce } from '../edge/answer.ts';
import { ApiProblem } from '../edge/problem.ts';
import { mayPublish } from '../edge/publisher.ts';
import { rowParameter, serviceParams } from '../edge/schema.ts';
import { invalidInput } from '../edge/validate.ts';
import { foldCounts, presentDeliveries } from './present.ts';

const tags = ['notifications'];
const KEY = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII')
  .optional();
const idempotent = z.object({ 'idempotency-key': KEY });

/** Publishing to a service, and addressing people or devices. */
export function publishRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  return async (api) => {
    const publish = {
      tags,
      summary: 'Publish to a service',
      description:
        'Who may publish follows from the policy of the service: anybody, the publishing networks, or holders of a key (`X-Service-Key` or `Authorization: Bearer`). Its owners and administrators may always.',
      params: serviceParams,
      headers: idempotent,
      body: PublishNotification,
      response: { 201: AcceptedNotification },
    };
    api.post(
      '/services/:serviceId/notifications',
      { ...needs('nobody'), schema: publish },
      async (request, reply) => {
        const { serviceId } = request.params;
        if (!(await mayPublish(deps, serviceId, request))) throw new ApiProblem('publisher-not-allowed');
        const draft = toDraft(
          request,
          request.body,
          { serviceId, userIds: [], deviceIds: [] },
          `service:${serviceId}`,
        );
        return answer(request, reply, await deps.ingest.accept(draft), `There is no service ${serviceId}`);
      },
    );

    const address = {
      tags,
      summary: 'Address users or devices',
      headers: idempotent,
      body: AddressedNotification,
      response: { 201: AcceptedNotification },
    };
    api.post('/notifications', { ...needs('admin'), schema: address }, async (request, reply) => {
      const { userIds, deviceIds } = request.body;
      await refuseUnknown(deps, userIds, deviceIds);
      const draft = toDraft(
        request,
        request.body,
        { serviceId: null, userIds, deviceIds },
        `user:${userOf(request).id}`,
      );
      return answer(
        request,
        reply,
        await deps.ingest.accept(draft),
        'The first notification with this key is gone',
      );
    });
  };
}

/** What became of a notification. */
export function deliveryRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  return async (api) => {
    const params = z.object({ id: rowParameter });
    const counts = {
      tags,
      summary: 'How many deliveries are in which state',
      params,
      response: { 200: DeliveryCounts },
    };
    api.get('/notifications/:id/counts', { ...needs('own-read'), schema: counts }, async (request) => {
      const notification = await reviewed(deps, request, request.params.id);
      const since = new Date(notification.timestamp);
      const sets = await countEventSets(deps.database, notification.id, since);
      return {
        notificationId: notification.id,
        devices: sets.reduce((sum, set) => sum + set.devices, 0),
        waitingChunks: await countChunksOf(deps.database, notification.id),
        states: foldCounts(sets),
      };
    });

    const page = z.object({
      limit: wholeNumber(1, 1_000).default(100),
      cursor: Cursor.default('0'),
    });
    const log = {
      tags,
      summary: 'Every delivery with its events',
      params,
      querystring: page,
      response: { 200: DeliveryLog },
    };
    api.get('/notifications/:id/deliveries', { ...needs('own-read'), schema: log }, async (request) => {
      const notification = await reviewed(deps, request, request.params.id);
      const { cursor, limit } = request.query;
      const events = await listEvents(
        deps.database,
        notification.id,
        new Date(notification.timestamp),
        Number(cursor),
        limit + 1,
      );
      return presentDeliveries(events, limit);
    });
  };
}

/** Nobody is told less than was asked for: one id that does not exist refuses the whole. */
async function refuseUnknown(
  { database }: ApiDeps,
  userIds: readonly number[],
  deviceIds: readonly number[],
): Promise<void> {
  const faults = [
    ...(await unknownUsers(database, userIds)).map((value) => ({
      field: 'body.userIds',
      rule: 'there is no such user',
      value,
    })),
    ...(await unknownDevices(database, deviceIds)).map((value) => ({
      field: 'body.deviceIds',
      rule: 'there is no such device',
      value,
    })),
  ];
  if (faults.length > 0) throw invalidInput(faults);
}

/** For administrators and auditors; for the owners of a service what it published. Others cannot tell whether it exists. */
async function reviewed(deps: ApiDeps, request: FastifyRequest, id: number) {
  const isReviewer = may(callerOf(request), 'review');
  const notification = await findNotification(deps.database, id);
  const serviceId = notification?.serviceId;
  const isTheirs = serviceId ? await isOwner(deps.database, serviceId, userOf(request).id) : false;
  if (!isReviewer && !isTheirs)
    throw new ApiProblem(
      'not-allowed',
      'Only an administrator, an auditor or an owner of the service may see that',
    );
  if (!notification) throw new ApiProblem('not-found', `There is no notification ${id}`);
  return notification;
}

function toDraft(
  request: FastifyRequest,
  message: PublishNotification,
  audience: Pick<Draft, 'serviceId' | 'userIds' | 'deviceIds'>,
  scope: string,
): Draft {
  const key = request.headers['idempotency-key'];
  const { title, subtitle, body, url, priority, ttlSeconds, collapseKey, data } = message;
  const actions = message.actions.map(({ id, title: label, url: link }) => ({
    id,
    title: label,
    ...(link && { url: link }),
  }));
  const draft = {
    ...audience,
    title,
    subtitle,
    body,
    url,
    priority,
    ttlSeconds,
    collapseKey,
    actions,
    data,
    source: 'api/v3',
  };
  if (typeof key !== 'string') return { ...draft, idempotency: null };
  // Many languages write a map in another order each time: that is the same request all the same.
  const inOrder = { ...draft, data: Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)) };
  const hash = createHash('sha256').update(JSON.stringify(inOrder)).digest();
  return { ...draft, idempotency: { scope: `v3:${scope}`, key, hash } };
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  acceptance: Acceptance,
  unknown: string,
): FastifyReply {
  if (acceptance.kind === 'unknown-service') throw new ApiProblem('not-found', unknown);
  if (acceptance.kind === 'idempotency-conflict') throw new ApiProblem('idempotency-conflict');
  const { id, uuid, createdAt, replayed } = acceptance;
  const stored = { id, uuid, createdAt: createdAt.toISOString() };
  return answerAtOnce(request, reply, 201, stored, replayed ? ['idempotency-replayed', 'true'] : []);
}
