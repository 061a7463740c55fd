import { Device, DeviceList, DeviceTransfer, NewDevice, WebPushKey } from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { withCredentials } from '../../administration/devices.ts';
import { listDevices } from '../../store/device.ts';
import { findUser } from '../../store/user.ts';
import type { ApiDeps } from '../deps.ts';
import { actorOf, needs, userOf } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent, rowParameter, userParams } from '../edge/schema.ts';
import { invalidInput } from '../edge/validate.ts';
import { presentDevice, refuseFaulty } from './present.ts';

const tags = ['devices'];

/** The devices of the signed-in user. Registering a known address again moves it here and revives it. */
export function deviceRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const { database, devices } = deps;
  return async (api) => {
    const register = {
      tags,
      summary: 'Register a device',
      body: NewDevice,
      response: { 200: Device, 201: Device },
    };
    api.post('/devices', { ...needs('own-write'), schema: register }, async (request, reply) => {
      const { wish, password } = withCredentials(request.body);
      refuseFaulty(deps, wish, 'body');
      const actor = actorOf(deps, request);
      const { device, created } = await devices.register(actor, userOf(request).id, wish, 'new');
      return reply.status(created ? 201 : 200).send(presentDevice(device, password));
    });

    const list = { tags, summary: 'List the own devices', response: { 200: DeviceList } };
    api.get('/devices', { ...needs('own-read'), schema: list }, async (request) => {
      const own = await listDevices(database, userOf(request).id);
      return { items: own.map((device) => presentDevice(device)) };
    });

    const params = z.object({ id: rowParameter });
    const remove = { tags, summary: 'Remove an own device', params, response: noContent };
    api.delete('/devices/:id', { ...needs('own-write'), schema: remove }, async (request, reply) => {
      const { id } = request.params;
      if (!(await devices.remove(actorOf(deps, request), userOf(request).id, id)))
        throw new ApiProblem('not-found', `You have no device ${id}`);
      return reply.status(204).send(null);
    });

    const key = { tags, summary: 'Public VAPID key for subscribing', response: { 200: WebPushKey } };
    api.get('/webpush/key', { ...needs('nobody'), schema: key }, async () => ({
      publicKey: deps.webPushPublicKey,
    }));
    await api.register(userDeviceRoutes(deps));
  };
}

/** The devices of somebody else. */
function userDeviceRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  const { database, devices } = deps;
  const params = userParams.extend({ deviceId: rowParameter });
  const unknown = (id: number, deviceId: number) =>
    new ApiProblem('not-found', `User ${id} has no device ${deviceId}`);
  return async (api) => {
    const list = {
      tags,
      summary: "List a user's devices",
      params: userParams,
      response: { 200: DeviceList },
    };
    api.get('/users/:id/devices', { ...needs('review'), schema: list }, async (request) => {
      const { id } = request.params;
      if (!(await findUser(database, id))) throw new ApiProblem('not-found', `There is no user ${id}`);
      return { items: (await listDevices(database, id)).map((device) => presentDevice(device)) };
    });

    const remove = { tags, summary: "Remove a user's device", params, response: noContent };
    api.delete(
      '/users/:id/devices/:deviceId',
      { ...needs('admin'), schema: remove },
      async (request, reply) => {
        const { id, deviceId } = request.params;
        if (!(await devices.remove(actorOf(deps, request), id, deviceId))) throw unknown(id, deviceId);
        return reply.status(204).send(null);
      },
    );

    const transfer = {
      tags,
      summary: 'Give a device to another user',
      description: 'What still waits for it was meant for the former owner and is dropped.',
      params,
      body: DeviceTransfer,
      response: { 200: Device },
    };
    const path = '/users/:id/devices/:deviceId/transfer';
    api.post(path, { ...needs('admin'), schema: transfer }, async (request) => {
      const { id, deviceId } = request.params;
      const { userId } = request.body;
      const moved = await devices.transfer(actorOf(deps, request), deviceId, id, userId);
      if (moved === 'unknown-device') throw unknown(id, deviceId);
      if (moved === 'unknown-user')
        throw invalidInput([{ field: 'body.userId', rule: 'there is no such user', value: userId }]);
      return presentDevice(moved);
    });
  };
}
