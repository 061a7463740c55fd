import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Device, DeviceList, NewDevice, WebPushKey } from '@tocsin/contract';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type DeviceRecord, deleteDevice, listDevices, registerDevice } from '../../store/device.ts';
import type { ApiDeps } from '../deps.ts';
import { needs, userOf } from '../edge/access.ts';
import { ApiProblem } from '../edge/problem.ts';
import { noContent, rowParameter } from '../edge/schema.ts';
import { invalidInput } from '../edge/validate.ts';

const tags = ['devices'];

/** `password` is known only at the moment an mqtt device is registered. */
function present(device: DeviceRecord, password?: string) {
  const { id, kind, name, app, environment } = device;
  const topic = `tocsin/devices/${device.address}/notifications`;
  return {
    id,
    kind,
    name,
    app,
    environment,
    registeredAt: device.registeredAt.toISOString(),
    goneAt: device.goneAt?.toISOString() ?? null,
    goneReason: device.goneReason,
    ...(kind === 'mqtt' && { mqtt: { username: device.address, ...(password && { password }), topic } }),
  };
}

/** Web Push: the transport's sentence names the part of the credential that it is about. */
function faultyField(fault: string): string {
  return /^(?:the credential|p256dh|auth) /.test(fault) ? 'body.credential' : 'body.address';
}

/** The devices of the signed-in user. Registering a known address again moves it here and revives it. */
export function deviceRoutes(deps: ApiDeps): FastifyPluginAsyncZod {
  return async (api) => {
    const register = {
      tags,
      summary: 'Register a device',
      body: NewDevice,
      response: { 200: Device, 201: Device },
    };
    api.post('/devices', { ...needs('own-write'), schema: register }, async (request, reply) => {
      const user = userOf(request);
      const { kind, environment, app, name } = request.body;
      const password = kind === 'mqtt' ? randomBytes(32).toString('base64url') : undefined;
      const address = kind === 'mqtt' ? randomUUID() : request.body.address;
      const credential = password
        ? createHash('sha256').update(password).digest('hex')
        : request.body.credential;
      const fault = deps.checkAddress(kind, { address, credential });
      if (fault) throw invalidInput([{ field: faultyField(fault), rule: fault }]);
      const { device, created } = await registerDevice(deps.database, {
        userId: user.id,
        kind,
        address,
        credential,
        environment,
        app,
        name,
        at: new Date(deps.clock()),
      });
      return reply.status(created ? 201 : 200).send(present(device, password));
    });

    api.get(
      '/devices',
      {
        ...needs('own-read'),
        schema: { tags, summary: 'List the own devices', response: { 200: DeviceList } },
      },
      async (request) => {
        const user = userOf(request);
        return { items: (await listDevices(deps.database, user.id)).map((device) => present(device)) };
      },
    );

    const params = z.object({ id: rowParameter });
    api.delete(
      '/devices/:id',
      {
        ...needs('own-write'),
        schema: { tags, summary: 'Remove an own device', params, response: noContent },
      },
      async (request, reply) => {
        const removed = await deleteDevice(deps.database, userOf(request).id, request.params.id);
        if (!removed) throw new ApiProblem('not-found', `You have no device ${request.params.id}`);
        return reply.status(204).send(null);
      },
    );

    api.get(
      '/webpush/key',
      {
        ...needs('nobody'),
        schema: {
          tags,
          summary: 'Public VAPID key for subscribing',
          response: { 200: WebPushKey },
        },
      },
      async () => {
        return { publicKey: deps.webPushPublicKey };
      },
    );
  };
}
