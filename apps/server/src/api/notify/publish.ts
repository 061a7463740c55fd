/** `POST /services/{id}/notifications`: what producers send. Our own fields are optional, unknown ones are ignored. */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DRAFT_DEFAULTS, type Draft } from '../../ingest/draft.ts';
import { answerAtOnce } from '../edge/answer.ts';
import { mayPublish } from '../edge/publisher.ts';
import { readJson } from './body.ts';
import { type Check, integerBetween, oneOf, text, uuid } from './checks.ts';
import type { NotifyDeps } from './deps.ts';
import { NotifyFailure } from './failure.ts';
import { presentNotification } from './present.ts';
import { Faults, nullable, optional, readModel, required } from './validate.ts';

const TITLE = text(1_024);
const TEXT = text(32_768);
const URL_TEXT = text(2_048);
const PRIORITY = oneOf(['low', 'normal', 'high', 'critical']);
/** Seconds; Apple and Google keep nothing longer than 28 days. */
const TTL = integerBetween(0, 2_419_200);
const IDEMPOTENCY_KEY: Check<string> = (given) =>
  given === ''
    ? {
        fault: {
          type: 'string_too_short',
          msg: 'String should have at least 1 character',
          ctx: { min_length: 1 },
        },
      }
    : text(255)(given);

/** APNs takes 64 bytes as collapse id, whatever the characters. */
const COLLAPSE_KEY: Check<string> = (given) => {
  const checked = text(64)(given);
  if ('fault' in checked || Buffer.byteLength(checked.value) <= 64) return checked;
  const msg = 'Value error, Text should have at most 64 bytes';
  return { fault: { type: 'value_error', msg, ctx: { error: {} } } };
};

/** Body first, then where it comes from, then whether the service exists: the published order. */
export function publishRoute(api: FastifyInstance, deps: NotifyDeps): void {
  api.post('/services/:service_id/notifications', async (request, reply) => {
    const draft = readDraft(deps, request);
    if (!(await mayPublish(deps, draft.serviceId, request)))
      throw new NotifyFailure(403, 'IP address not allowed');
    const acceptance = await deps.ingest.accept(draft);
    if (acceptance.kind === 'unknown-service') throw new NotifyFailure(404, 'Service not found');
    if (acceptance.kind === 'idempotency-conflict')
      throw new NotifyFailure(409, 'Idempotency-Key was used for something else');
    const { id, createdAt } = acceptance;
    const stored = presentNotification(draft, id, createdAt);
    return answerAtOnce(request, reply, 201, stored);
  });
}

function readDraft(deps: NotifyDeps, request: FastifyRequest): Draft & { serviceId: string } {
  const json = readJson(request);
  const found = new Faults();
  const path = readModel(request.params, found, ['path']);
  const serviceId = required(path, 'service_id', uuid, found);
  const headers = readModel(request.headers, found, ['header']);
  const key = optional(headers, 'idempotency-key', IDEMPOTENCY_KEY, found, null);
  const body = readModel(json, found);
  const said = found.settle({
    serviceId,
    key,
    title: required(body, 'title', TITLE, found),
    subtitle: optional(body, 'subtitle', TEXT, found, ''),
    url: optional(body, 'url', URL_TEXT, found, ''),
    body: nullable(body, 'body', TEXT, found),
    priority: nullable(body, 'priority', PRIORITY, found),
    ttl: nullable(body, 'ttl', TTL, found),
    collapseKey: nullable(body, 'collapse_key', COLLAPSE_KEY, found),
  });
  return toDraft(said, `api/v${deps.version}`);
}

interface Said {
  readonly serviceId: string;
  readonly key: string | null;
  readonly title: string;
  readonly subtitle: string;
  readonly url: string;
  readonly body: string | null;
  readonly priority: Draft['priority'] | null;
  readonly ttl: number | null;
  readonly collapseKey: string | null;
}

function toDraft(said: Said, source: string): Draft & { serviceId: string } {
  const { serviceId, key, title, subtitle, url, body, priority, ttl, collapseKey } = said;
  return {
    serviceId,
    userIds: DRAFT_DEFAULTS.userIds,
    deviceIds: DRAFT_DEFAULTS.deviceIds,
    title,
    subtitle,
    body: body ?? DRAFT_DEFAULTS.body,
    url,
    priority: priority ?? DRAFT_DEFAULTS.priority,
    ttlSeconds: ttl ?? DRAFT_DEFAULTS.ttlSeconds,
    collapseKey,
    actions: DRAFT_DEFAULTS.actions,
    data: DRAFT_DEFAULTS.data,
    source,
    idempotency: key === null ? null : { scope: `notify:${serviceId}`, key, hash: hashOf(said) },
  };
}

function hashOf(said: Said): Buffer {
  return createHash('sha256').update(JSON.stringify(said)).digest();
}
