/** `/users/…` of the Notify API. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { deleteAddress, notifyTokens, registerDevice } from '../../store/device.ts';
import { markMany, newestOfUser } from '../../store/notify-inbox.ts';
import { listServicesFor } from '../../store/service.ts';
import { setSubscriptions } from '../../store/subscription.ts';
import { changeUser, deleteUser, findUser, listUsers, type UserRecord } from '../../store/user.ts';
import type { NotifyDeps } from './deps.ts';
import { NotifyFailure } from './failure.ts';
import { requireAdmin, requireUser } from './login.ts';
import { presentNotification, presentUser, presentUserService } from './present.ts';
import { visibleServices } from './services.ts';
import {
  faults,
  missing,
  parseJson,
  readBoolean,
  readChoice,
  readInteger,
  readList,
  readObject,
  readString,
  readUuid,
} from './validate.ts';

const STATUSES = ['read', 'unread', 'deleted'] as const;
const LONGEST_TOKEN = 4_096;
/** Apple's tokens were 64 hex digits when these phones were written; everything longer is Google's (notify-api.md §1.5). */
const APPLE_TOKEN = /^[0-9a-fA-F]{64}$/;

async function present(deps: NotifyDeps, user: Pick<UserRecord, 'id' | 'username' | 'isActive' | 'isAdmin'>) {
  const tokens = await notifyTokens(deps.database, [user.id]);
  return presentUser(user, tokens.get(user.id) ?? [], deps.version);
}

export function userRoutes(api: FastifyInstance, deps: NotifyDeps): void {
  api.get('/users/user/profile', async (request) => present(deps, await requireUser(deps, request)));

  const tokenField = deps.version === 1 ? 'apn_token' : 'device_token';
  api.post(`/users/user/${tokenField.replace('_', '-')}`, async (request, reply) => {
    const user = await requireUser(deps, request);
    const address = readToken(request, tokenField);
    const created = await registerToken(deps, user.id, address);
    return reply.status(created ? 201 : 200).send(await present(deps, user));
  });

  api.get('/users/user/services', async (request) => {
    const user = await requireUser(deps, request);
    return visibleServices(deps, user, await listServicesFor(deps.database, user.id)).map(presentUserService);
  });

  api.patch('/users/user/services', async (request, reply) => {
    const user = await requireUser(deps, request);
    const found = faults();
    const wanted = readList(parseJson(request.body as string)).map((entry, index) => {
      const fields = readObject(entry, ['body', index]);
      for (const name of ['id', 'is_subscribed'])
        if (!(name in fields)) found.add(missing(['body', index, name], fields));
      const serviceId = 'id' in fields ? readUuid(fields.id, ['body', index, 'id'], found) : '';
      const subscribed =
        'is_subscribed' in fields &&
        readBoolean(fields.is_subscribed, ['body', index, 'is_subscribed'], found);
      return { serviceId, subscribed };
    });
    found.check();
    await setSubscriptions(deps.database, user.id, wanted);
    return reply.status(204).send();
  });

  notificationRoutes(api, deps);
  if (deps.version === 2) adminRoutes(api, deps);
}

function notificationRoutes(api: FastifyInstance, deps: NotifyDeps): void {
  api.get('/users/user/notifications', async (request) => {
    const user = await requireUser(deps, request);
    const query = request.query as Record<string, string | string[] | undefined>;
    const found = faults();
    const limit =
      query.limit === undefined ? 50 : readInteger([query.limit].flat().at(-1), ['query', 'limit'], found);
    const sort =
      query.sort === undefined
        ? 'asc'
        : readChoice([query.sort].flat().at(-1), ['query', 'sort'], ['asc', 'desc'], found);
    found.check();
    // The newest are selected either way; the order only turns the list round.
    const newest = await newestOfUser(deps.database, user.id, limit > 0 ? limit : null);
    const list = newest.map(({ notification, isRead }) => ({
      ...presentNotification(notification),
      is_read: isRead,
    }));
    return sort === 'asc' ? list.reverse() : list;
  });

  api.patch('/users/user/notifications', async (request, reply) => {
    const user = await requireUser(deps, request);
    const found = faults();
    const marks = readList(parseJson(request.body as string)).map((entry, index) => {
      const fields = readObject(entry, ['body', index]);
      for (const name of ['id', 'status'])
        if (!(name in fields)) found.add(missing(['body', index, name], fields));
      const id = 'id' in fields ? readInteger(fields.id, ['body', index, 'id'], found) : -1;
      const status =
        'status' in fields ? readChoice(fields.status, ['body', index, 'status'], STATUSES, found) : 'read';
      return { id, status };
    });
    found.check();
    await markMany(deps.database, user.id, marks, new Date(deps.clock()));
    for (const { id, status } of marks) deps.live.marked(user.id, id, status);
    return reply.status(204).send();
  });
}

function adminRoutes(api: FastifyInstance, deps: NotifyDeps): void {
  api.get('/users/', async (request) => {
    await requireAdmin(deps, request);
    const users = await listUsers(deps.database);
    const tokens = await notifyTokens(
      deps.database,
      users.map(({ id }) => id),
    );
    return users.map((user) => presentUser(user, tokens.get(user.id) ?? [], deps.version));
  });

  api.patch('/users/:user_id', async (request) => {
    await requireAdmin(deps, request);
    const id = userId(request);
    const fields = readObject(parseJson(request.body as string));
    const found = faults();
    const flag = (name: string) => {
      const value = fields[name];
      return value === undefined || value === null ? null : readBoolean(value, ['body', name], found);
    };
    const change = { isActive: flag('is_active'), isAdmin: flag('is_admin') };
    found.check();
    const user = await changeUser(deps.database, id, change);
    if (!user) throw new NotifyFailure(404, 'User not found');
    deps.identity.forget();
    return present(deps, user);
  });

  api.delete('/users/:user_id', async (request, reply) => {
    await requireAdmin(deps, request);
    if (!(await deleteUser(deps.database, userId(request)))) throw new NotifyFailure(404, 'User not found');
    deps.identity.forget();
    return reply.status(204).send();
  });

  api.delete('/users/:user_id/device-token', async (request, reply) => {
    await requireAdmin(deps, request);
    const id = userId(request);
    const address = readToken(request, 'device_token');
    if (!(await findUser(deps.database, id))) throw new NotifyFailure(404, 'User not found');
    await deleteAddress(deps.database, id, address);
    return reply.status(204).send();
  });
}

function userId(request: FastifyRequest): number {
  const found = faults();
  const id = readInteger((request.params as { user_id: string }).user_id, ['path', 'user_id'], found);
  found.check();
  return id;
}

function readToken(request: FastifyRequest, field: string): string {
  const found = faults();
  const token = readString(readObject(parseJson(request.body as string)), field, found, {
    maxLength: LONGEST_TOKEN,
  });
  found.check();
  return token;
}

/** Tokens shorter than 64 are kept and shown, and nothing is ever pushed to them: that is the published behaviour. */
async function registerToken(deps: NotifyDeps, ownerId: number, address: string): Promise<boolean> {
  const kind = APPLE_TOKEN.test(address) ? 'apns' : address.length >= 64 ? 'fcm' : 'relay';
  const { created } = await registerDevice(deps.database, {
    userId: ownerId,
    kind,
    address,
    credential: '',
    environment: '',
    app: '',
    name: '',
    at: new Date(deps.clock()),
  });
  return created;
}
