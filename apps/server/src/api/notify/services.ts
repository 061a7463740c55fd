/** `/services/…` of the Notify API. */
import { createHash, randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { User } from '../../identity/identity.ts';
import { DRAFT_DEFAULTS, type Draft } from '../../ingest/draft.ts';
import { notificationsOfService } from '../../store/notify-inbox.ts';
import {
  createService,
  deleteService,
  findService,
  listServicesFor,
  updateService,
} from '../../store/service.ts';
import type { NotifyDeps } from './deps.ts';
import { NotifyFailure } from './failure.ts';
import { requireAdmin, requireUser } from './login.ts';
import { presentNotification, presentService } from './present.ts';
import {
  checkColor,
  type Fields,
  faults,
  parseJson,
  readObject,
  readOptionalString,
  readString,
  readUuid,
} from './validate.ts';

const NOT_FOUND = new NotifyFailure(404, 'Service not found');
const NAME = { maxLength: 256 };

/** The account for app-store reviewers sees one service only. */
export function visibleServices<Item extends { category: string }>(
  deps: NotifyDeps,
  user: User,
  services: Item[],
): Item[] {
  return user.username === 'demo'
    ? services.filter(({ category }) => category === deps.demoService)
    : services;
}

function serviceId(request: FastifyRequest): string {
  const found = faults();
  const id = readUuid((request.params as { service_id: string }).service_id, ['path', 'service_id'], found);
  found.check();
  return id;
}

export function serviceRoutes(api: FastifyInstance, deps: NotifyDeps): void {
  const { database } = deps;
  api.get('/services/', async (request) => {
    const user = await requireUser(deps, request);
    return visibleServices(deps, user, await listServicesFor(database, user.id)).map(presentService);
  });

  api.post('/services/', async (request, reply) => {
    await requireAdmin(deps, request);
    const body = readObject(parseJson(request.body as string));
    const found = faults();
    const category = readString(body, 'category', found, NAME);
    const color = readString(body, 'color', found);
    const owner = readString(body, 'owner', found, NAME);
    checkColor(color, found);
    found.check();
    const service = await createService(database, { id: randomUUID(), category, color, owner });
    return reply.status(201).send(presentService(service));
  });

  api.patch('/services/:service_id', async (request) => {
    await requireAdmin(deps, request);
    const id = serviceId(request);
    const body = readObject(parseJson(request.body as string));
    const found = faults();
    const category = readOptionalString(body, 'category', found, NAME);
    const color = readOptionalString(body, 'color', found);
    const owner = readOptionalString(body, 'owner', found, NAME);
    checkColor(color, found);
    found.check();
    const service = await updateService(database, id, { category, color, owner });
    if (!service) throw NOT_FOUND;
    return presentService(service);
  });

  api.delete('/services/:service_id', async (request, reply) => {
    await requireAdmin(deps, request);
    if (!(await deleteService(database, serviceId(request)))) throw NOT_FOUND;
    return reply.status(204).send();
  });

  api.get('/services/:service_id/notifications', async (request) => {
    await requireAdmin(deps, request);
    const id = serviceId(request);
    if (!(await findService(database, id))) throw NOT_FOUND;
    return (await notificationsOfService(database, id)).map(presentNotification);
  });

  api.post('/services/:service_id/notifications', async (request, reply) => {
    const draft = readDraft(deps, request);
    if (!(await deps.mayPublish(draft.serviceId ?? '', request)))
      throw new NotifyFailure(403, 'IP address not allowed');
    const acceptance = await deps.ingest.accept(draft);
    if (acceptance.kind === 'unknown-service') throw NOT_FOUND;
    if (acceptance.kind === 'idempotency-conflict')
      throw new NotifyFailure(409, 'Idempotency-Key was used for something else');
    const { id, createdAt } = acceptance;
    return reply.status(201).send(presentNotification({ ...draft, id, timestamp: createdAt.getTime() }));
  });
}

const LONGEST_TITLE = 1_024;
const LONGEST_TEXT = 32_768;
const LONGEST_URL = 2_048;
const LONGEST_KEY = 255;

/** Body first, then the address it comes from, then whether the service exists: that is the published order. */
function readDraft(deps: NotifyDeps, request: FastifyRequest): Draft {
  const id = serviceId(request);
  const body: Fields = readObject(parseJson(request.body as string));
  const found = faults();
  const title = readString(body, 'title', found, { maxLength: LONGEST_TITLE });
  const subtitle = readString(body, 'subtitle', found, { fallback: '', maxLength: LONGEST_TEXT });
  const url = readString(body, 'url', found, { fallback: '', maxLength: LONGEST_URL });
  found.check();
  const draft: Draft = {
    ...DRAFT_DEFAULTS,
    serviceId: id,
    title,
    subtitle,
    url,
    source: `api/v${deps.version}`,
  };
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return draft;
  if (key.length > LONGEST_KEY)
    throw new NotifyFailure(422, `Idempotency-Key is longer than ${LONGEST_KEY} characters`);
  const hash = createHash('sha256')
    .update(JSON.stringify([title, subtitle, url]))
    .digest();
  return { ...draft, idempotency: { scope: `notify:${id}`, key, hash } };
}
