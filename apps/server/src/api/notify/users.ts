/** `/users/user/…` of the Notify API: what the phones ask for their own user. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { User } from '../../identity/caller.ts';
import { markMany, newestOfUser } from '../../store/notify-inbox.ts';
import { mandatoryAmong, setSubscriptions } from '../../store/subscription.ts';
import { adminRoutes } from './admin.ts';
import { readAnyJson, readJson } from './body.ts';
import { boolean, integer, oneOf, uuid } from './checks.ts';
import type { NotifyDeps } from './deps.ts';
import { actorOf, requireUser } from './login.ts';
import { presentNotification, presentUserService } from './present.ts';
import { profileOf, TOKEN } from './profile.ts';
import { servicesShownTo } from './services.ts';
import { Faults, optional, readList, readModel, required } from './validate.ts';

const STATUS = oneOf(['read', 'unread', 'deleted']);
const SORT = oneOf(['asc', 'desc']);
const DEFAULT_LIMIT = 50;

export function userRoutes(api: FastifyInstance, deps: NotifyDeps): void {
  api.get('/users/user/profile', async (request) => profileOf(deps, await requireUser(deps, request)));
  tokenRoute(api, deps);
  subscriptionRoutes(api, deps);
  inboxRoutes(api, deps);
  if (deps.version === 2) adminRoutes(api, deps);
}

function tokenRoute(api: FastifyInstance, deps: NotifyDeps): void {
  const field = deps.version === 1 ? 'apn_token' : 'device_token';
  api.post(`/users/user/${field.replace('_', '-')}`, async (request, reply) => {
    const json = readAnyJson(request);
    const user = await requireUser(deps, request);
    const found = new Faults();
    const { token } = found.settle({ token: required(readModel(json, found), field, TOKEN, found) });
    const created = await registerToken(deps, request, user, token);
    return reply.status(created ? 201 : 200).send(await profileOf(deps, user));
  });
}

/** Apple's tokens were 64 hex digits when these phones were written, Google's are longer (notify-api.md §1.5). */
async function registerToken(
  deps: NotifyDeps,
  request: FastifyRequest,
  user: User,
  address: string,
): Promise<boolean> {
  // What is neither is kept and shown, and never pushed to: no relay serves the app ''.
  const kind = /^[0-9a-fA-F]{64}$/.test(address) ? 'apns' : address.length > 64 ? 'fcm' : 'relay';
  const wish = { kind, address, credential: '', environment: '', app: '', name: '' } as const;
  const actor = actorOf(deps, user, request);
  return (await deps.devices.register(actor, user.id, wish, 'moved')).created;
}

function subscriptionRoutes(api: FastifyInstance, deps: NotifyDeps): void {
  api.get('/users/user/services', async (request) => {
    const user = await requireUser(deps, request);
    return (await servicesShownTo(deps, user)).map(presentUserService);
  });

  api.patch('/users/user/services', async (request, reply) => {
    const json = readJson(request);
    const user = await requireUser(deps, request);
    const wanted = readList(json, (item, found) => ({
      serviceId: required(item, 'id', uuid, found),
      subscribed: required(item, 'is_subscribed', boolean, found),
    }));
    await setSubscriptions(deps.database, user.id, await allowedTo(deps, user, wanted));
    return reply.status(204).send();
  });
}

/** What somebody is not shown is skipped like what does not exist, and so is leaving what is mandatory. */
async function allowedTo<Wanted extends { readonly serviceId: string; readonly subscribed: boolean }>(
  deps: NotifyDeps,
  user: User,
  wanted: readonly Wanted[],
): Promise<readonly Wanted[]> {
  const shown = new Set((await servicesShownTo(deps, user)).map(({ id }) => id));
  const left = wanted.filter(({ subscribed }) => !subscribed).map(({ serviceId }) => serviceId);
  const mandatory = await mandatoryAmong(deps.database, user.id, left);
  return wanted.filter(
    ({ serviceId, subscribed }) => shown.has(serviceId) && (subscribed || !mandatory.has(serviceId)),
  );
}

function inboxRoutes(api: FastifyInstance, deps: NotifyDeps): void {
  api.get('/users/user/notifications', async (request) => {
    const user = await requireUser(deps, request);
    const found = new Faults();
    const query = readModel(lastOfEach(request.query as Query), found, ['query']);
    const { limit, sort } = found.settle({
      limit: optional(query, 'limit', integer, found, DEFAULT_LIMIT),
      sort: optional(query, 'sort', SORT, found, 'asc'),
    });
    // The newest are selected either way; the order only turns the list round.
    const newest = await newestOfUser(deps.database, user.id, limit > 0 ? limit : null);
    const list = newest.map(({ notification, isRead }) => ({
      ...presentNotification(notification, notification.id, new Date(notification.timestamp)),
      is_read: isRead,
    }));
    return sort === 'asc' ? list.reverse() : list;
  });

  api.patch('/users/user/notifications', async (request, reply) => {
    const json = readJson(request);
    const user = await requireUser(deps, request);
    const marks = readList(json, (item, found) => ({
      id: required(item, 'id', integer, found),
      status: required(item, 'status', STATUS, found),
    }));
    const marked = await markMany(deps.database, user.id, marks, new Date(deps.clock()));
    for (const { id, status } of marked) deps.live.marked(user.id, id, status);
    return reply.status(204).send();
  });
}

type Query = Readonly<Record<string, string | string[]>>;

/** Of a repeated parameter the last counts. */
function lastOfEach(query: Query): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, [value].flat().at(-1)]));
}
