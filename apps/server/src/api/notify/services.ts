/** `/services/…` of the Notify API. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { User } from '../../identity/caller.ts';
import { isShownTo } from '../../identity/demo-account.ts';
import { notificationsOfService } from '../../store/notify-inbox.ts';
import { findService, listServicesFor, type ServiceForUser } from '../../store/service.ts';
import { readJson } from './body.ts';
import { color, text, uuid } from './checks.ts';
import type { NotifyDeps } from './deps.ts';
import { NotifyFailure } from './failure.ts';
import { actorOf, requireAdmin, requireUser } from './login.ts';
import { presentNotification, presentService } from './present.ts';
import { publishRoute } from './publish.ts';
import { Faults, nullable, readModel, required } from './validate.ts';

const NAME = text(256);
const notFound = () => new NotifyFailure(404, 'Service not found');

/** Sorted by category; the account for app-store reviewers sees one category only. */
export async function servicesShownTo(deps: NotifyDeps, user: User): Promise<ServiceForUser[]> {
  const services = await listServicesFor(deps.database, user.id);
  return services.filter((service) => isShownTo(user, service, deps.demoService));
}

export function serviceRoutes(api: FastifyInstance, deps: NotifyDeps): void {
  const { database } = deps;
  api.get('/services/', async (request) => {
    const user = await requireUser(deps, request);
    return (await servicesShownTo(deps, user)).map(presentService);
  });

  api.post('/services/', async (request, reply) => {
    const json = readJson(request);
    const actor = actorOf(deps, await requireAdmin(deps, request), request);
    const found = new Faults();
    const body = readModel(json, found);
    const service = found.settle({
      category: required(body, 'category', NAME, found),
      color: required(body, 'color', color, found),
      owner: required(body, 'owner', NAME, found),
    });
    const created = await deps.services.create(actor, service);
    return reply.status(201).send(presentService(created));
  });

  api.patch('/services/:service_id', async (request) => {
    const json = readJson(request);
    const actor = actorOf(deps, await requireAdmin(deps, request), request);
    const found = new Faults();
    const path = readModel(request.params, found, ['path']);
    const serviceId = required(path, 'service_id', uuid, found);
    const body = readModel(json, found);
    const { id, ...change } = found.settle({
      id: serviceId,
      category: nullable(body, 'category', NAME, found),
      color: nullable(body, 'color', color, found),
      owner: nullable(body, 'owner', NAME, found),
    });
    const service = await deps.services.change(actor, id, change);
    if (!service) throw notFound();
    return presentService(service);
  });

  api.delete('/services/:service_id', async (request, reply) => {
    const actor = actorOf(deps, await requireAdmin(deps, request), request);
    if (!(await deps.services.remove(actor, readServiceId(request)))) throw notFound();
    return reply.status(204).send();
  });

  api.get('/services/:service_id/notifications', async (request) => {
    await requireAdmin(deps, request);
    const id = readServiceId(request);
    if (!(await findService(database, id))) throw notFound();
    const notifications = await notificationsOfService(database, id);
    return notifications.map((one) => presentNotification(one, one.id, new Date(one.timestamp)));
  });

  publishRoute(api, deps);
}

function readServiceId(request: FastifyRequest): string {
  const found = new Faults();
  const path = readModel(request.params, found, ['path']);
  return found.settle({ id: required(path, 'service_id', uuid, found) }).id;
}
