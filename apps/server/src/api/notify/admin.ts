/** `/users/…` of the Notify API v2: what administrators do with the accounts. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { deleteAddress, notifyTokens } from '../../store/device.ts';
import { findUser, listUsers } from '../../store/user.ts';
import { readAnyJson, readJson } from './body.ts';
import { boolean, integer } from './checks.ts';
import type { NotifyDeps } from './deps.ts';
import { NotifyFailure } from './failure.ts';
import { actorOf, requireAdmin } from './login.ts';
import { presentUser } from './present.ts';
import { profileOf, TOKEN } from './profile.ts';
import { Faults, nullable, readModel, required } from './validate.ts';

const notFound = () => new NotifyFailure(404, 'User not found');
const lastAdministrator = () => new NotifyFailure(409, 'Nobody would be left to administer the server');

export function adminRoutes(api: FastifyInstance, deps: NotifyDeps): void {
  const { accounts, database } = deps;
  api.get('/users/', async (request) => {
    await requireAdmin(deps, request);
    const users = await listUsers(database);
    const ids = users.map(({ id }) => id);
    const tokens = await notifyTokens(database, ids);
    return users.map((user) => presentUser(user, tokens.get(user.id) ?? [], deps.version));
  });

  api.patch('/users/:user_id', async (request) => {
    const json = readJson(request);
    const actor = actorOf(deps, await requireAdmin(deps, request), request);
    const found = new Faults();
    const userId = required(pathOf(request, found), 'user_id', integer, found);
    const body = readModel(json, found);
    const { id, ...change } = found.settle({
      id: userId,
      isActive: nullable(body, 'is_active', boolean, found),
      isAdmin: nullable(body, 'is_admin', boolean, found),
    });
    const user = await accounts.change(actor, id, change);
    if (user === 'unknown') throw notFound();
    if (user === 'last-administrator') throw lastAdministrator();
    return profileOf(deps, user);
  });

  api.delete('/users/:user_id', async (request, reply) => {
    const actor = actorOf(deps, await requireAdmin(deps, request), request);
    const found = new Faults();
    const { id } = found.settle({ id: required(pathOf(request, found), 'user_id', integer, found) });
    const result = await accounts.remove(actor, id);
    if (result === 'unknown') throw notFound();
    if (result === 'last-administrator') throw lastAdministrator();
    return reply.status(204).send();
  });

  api.delete('/users/:user_id/device-token', async (request, reply) => {
    const json = readAnyJson(request);
    await requireAdmin(deps, request);
    const found = new Faults();
    const userId = required(pathOf(request, found), 'user_id', integer, found);
    const { id, token } = found.settle({
      id: userId,
      token: required(readModel(json, found), 'device_token', TOKEN, found),
    });
    if (!(await findUser(database, id))) throw notFound();
    await deleteAddress(database, id, token);
    return reply.status(204).send();
  });
}

const pathOf = (request: FastifyRequest, found: Faults) => readModel(request.params, found, ['path']);
