import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { user } from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { deleteDevice, moveDevice } from '../store/device.ts';
import { changeUser, deleteUser } from '../store/user.ts';
import {
  connect,
  credentialsOf,
  eventually,
  type MqttDevice,
  mqttDevice,
  type StartedBroker,
  startBroker,
} from './testing/harness.ts';

let test: TestDatabase;
let started: StartedBroker;
let isSignedIn = true;
let ada: number;
beforeAll(async () => {
  test = await testDatabase();
  ada = await user(test.database, { username: 'ada' });
  const identity = {
    authenticate: async () =>
      isSignedIn
        ? ({ kind: 'login', user: { id: ada, username: 'ada', isAdmin: false } } as const)
        : ({ kind: 'refused' } as const),
  };
  started = await startBroker(test.database, { identity });
});
afterAll(async () => {
  await started.stop();
  await test.drop();
});

const closing = (client: MqttClient) => new Promise<void>((resolve) => client.once('close', () => resolve()));

const CHANGES: readonly (readonly [string, (device: MqttDevice) => Promise<unknown>])[] = [
  ['was removed', ({ id, userId }) => deleteDevice(test.database, userId, id)],
  [
    'was given away',
    async ({ id, userId }) => moveDevice(test.database, id, userId, await user(test.database)),
  ],
  ['has a user who was deactivated', ({ userId }) => changeUser(test.database, userId, { isActive: false })],
  ['has a user who was deleted', ({ userId }) => deleteUser(test.database, userId)],
];

it.each(CHANGES)('the connection of a device that %s ends, and no other', async (_what, change) => {
  const [device, other] = [await mqttDevice(test.database), await mqttDevice(test.database)];
  const [client, neighbour] = [
    await connect(started.url, credentialsOf(device)),
    await connect(started.url, credentialsOf(other)),
  ];
  const closed = closing(client);
  started.broker.checkStanding();
  await change(device);
  started.broker.checkStanding();
  await closed;
  expect(neighbour.connected).toBe(true);
  client.end(true);
  neighbour.end(true);
});

it('the connection of a person ends with the login', async () => {
  const client = await connect(started.url, { username: 'ada', password: 'a login' });
  const closed = closing(client);
  isSignedIn = false;
  started.broker.checkStanding();
  await closed;
  isSignedIn = true;
  client.end(true);
});

it('a person that listens for a device loses it when it is given away', async () => {
  const device = await mqttDevice(test.database, ada);
  const client = await connect(started.url, { username: 'ada', password: 'a login' });
  await client.subscribeAsync(device.topic);
  await eventually(() => started.broker.status().listening === 1);
  const closed = closing(client);
  await moveDevice(test.database, device.id, ada, await user(test.database));
  started.broker.checkStanding();
  await closed;
  client.end(true);
});
