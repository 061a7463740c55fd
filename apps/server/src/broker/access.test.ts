import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { service, serviceKey, user } from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import {
  connect,
  credentialsOf,
  eventually,
  fakeIdentity,
  type MqttDevice,
  mqttDevice,
  notification,
  receiptTokens,
  type StartedBroker,
  startBroker,
} from './testing/harness.ts';

describe('who may do what', () => {
  let test: TestDatabase;
  let started: StartedBroker;
  let ada: MqttDevice;
  let bob: MqttDevice;
  let key: string;
  const ids = { open: '', network: '', key: '', other: '' };

  beforeAll(async () => {
    test = await testDatabase();
    const adaId = await user(test.database, { username: 'ada' });
    ada = await mqttDevice(test.database, adaId);
    bob = await mqttDevice(test.database, await user(test.database, { username: 'bob' }));
    ids.open = await service(test.database, { publishPolicy: 'open' });
    ids.network = await service(test.database, { publishPolicy: 'network' });
    ids.key = await service(test.database, { publishPolicy: 'key' });
    ids.other = await service(test.database, { publishPolicy: 'key' });
    key = await serviceKey(test.database, ids.key);
    started = await startBroker(test.database, { identity: fakeIdentity({ ada: adaId }) });
  });
  afterAll(async () => {
    await started.stop();
    await test.drop();
  });

  const logins = {
    anonymous: () => ({}),
    'ada’s device': () => credentialsOf(ada),
    'bob’s device': () => credentialsOf(bob),
    ada: () => ({ username: 'Ada', password: 'login-of-ada' }),
    'the key': () => ({ username: ids.key, password: key }),
  };
  const topics = (name: string) =>
    name
      .replace('ADA', ada.address)
      .replace('BOB', bob.address)
      .replace(
        /(open|network|key|other)\/notifications/,
        (_all, id: keyof typeof ids) => `${ids[id]}/notifications`,
      );

  it.each([
    ['ada’s device', 'tocsin/devices/ADA/notifications', true],
    ['ada’s device', 'tocsin/devices/BOB/notifications', false],
    ['ada’s device', 'tocsin/devices/+/notifications', false],
    ['ada’s device', 'tocsin/devices/ADA/#', false],
    ['ada’s device', 'tocsin/devices/ADA/+', false],
    ['ada’s device', '#', false],
    ['ada’s device', '$SYS/#', false],
    ['ada’s device', 'tocsin/devices/ADA/receipts', false],
    ['ada’s device', 'tocsin/services/open/notifications', false],
    ['ada’s device', '$share/group/tocsin/devices/ADA/notifications', false],
    ['ada', 'tocsin/devices/ADA/notifications', true],
    ['ada', 'tocsin/devices/BOB/notifications', false],
    ['ada', 'tocsin/devices/+/notifications', false],
    ['anonymous', 'tocsin/devices/ADA/notifications', false],
    ['anonymous', 'tocsin/services/open/notifications', false],
    ['the key', 'tocsin/services/key/notifications', false],
    ['the key', 'tocsin/devices/ADA/notifications', false],
  ] as const)('%s subscribes to %s: %s', async (who, topic, isAllowed) => {
    const client = await connect(started.url, { ...logins[who](), clientId: `subscriber ${topic}` });
    const granted = await client.subscribeAsync(topics(topic), { qos: 1 }).then(
      ([grant]) => grant?.qos,
      () => 128,
    );
    expect(granted).toBe(isAllowed ? 1 : 128);
    expect(client.connected).toBe(true);
    await client.endAsync();
  });

  it.each([
    ['anonymous', 'tocsin/services/open/notifications', true],
    ['anonymous', 'tocsin/services/network/notifications', true],
    ['anonymous', 'tocsin/services/key/notifications', false],
    ['anonymous', 'tocsin/devices/ADA/notifications', false],
    ['anonymous', 'tocsin/devices/ADA/status', false],
    ['anonymous', 'anything/else', false],
    ['the key', 'tocsin/services/key/notifications', true],
    ['the key', 'tocsin/services/other/notifications', false],
    ['the key', 'tocsin/services/open/notifications', false],
    ['ada', 'tocsin/services/open/notifications', true],
    ['ada', 'tocsin/services/key/notifications', false],
    ['ada', 'tocsin/devices/ADA/notifications', false],
    ['ada’s device', 'tocsin/devices/ADA/status', true],
    ['ada’s device', 'tocsin/devices/BOB/status', false],
    ['ada’s device', 'tocsin/devices/ADA/receipts', true],
    ['ada’s device', 'tocsin/devices/BOB/receipts', false],
    ['ada’s device', 'tocsin/devices/ADA/notifications', false],
    ['ada’s device', 'tocsin/services/open/notifications', true],
    ['ada’s device', 'tocsin/services/network/notifications', true],
    ['ada’s device', 'tocsin/services/key/notifications', false],
    ['ada’s device', 'tocsin/monitors/00000000-0000-4000-8000-000000000000/signal', false],
    ['bob’s device', 'tocsin/devices/ADA/receipts', false],
  ] as const)('%s publishes to %s: %s', async (who, topic, isAllowed) => {
    const client = await connect(started.url, { ...logins[who](), clientId: `publisher ${topic}` });
    const result = await Promise.race([
      client.publishAsync(topics(topic), 'hello', { qos: 1 }).then(() => true),
      new Promise((resolve) => client.once('close', () => resolve(false))),
    ]);
    expect(result).toBe(isAllowed);
    await client.endAsync(true);
  });

  it.each([
    ['a device with a wrong password', () => ({ username: ada.address, password: 'guess' })],
    ['a device without a password', () => ({ username: ada.address })],
    ['a device with the password of another', () => ({ username: ada.address, password: bob.password })],
    ['a service with a wrong key', () => ({ username: ids.key, password: 'tsk_wrong' })],
    ['a user with the login of another', () => ({ username: 'bob', password: 'login-of-ada' })],
    ['a user nobody knows', () => ({ username: 'eve', password: 'x' })],
    ['a NUL in the name', () => ({ username: 'a\0b', password: 'x' })],
  ])('%s is turned away', async (_who, login) => {
    await expect(connect(started.url, login())).rejects.toThrow(
      /Bad username or password|Identifier rejected/,
    );
  });

  it('a client that speaks MQTT 5 is told that the version is not spoken here', async () => {
    await expect(connect(started.url, { protocolVersion: 5 })).rejects.toThrow(/protocol version|closed/i);
  });

  it('a page of another site gets no trust from the network of its browser', async () => {
    const wsOptions = { headers: { origin: 'https://elsewhere.example' } };
    const client = await connect(started.webSocketUrl, { wsOptions });
    client.publish(`tocsin/services/${ids.network}/notifications`, 'hi', { qos: 1 });
    await new Promise<void>((resolve) => client.once('close', () => resolve()));
  });

  it('a login that ended is noticed at the next message', async () => {
    const users: Record<string, number> = { ada: 1 };
    const broker = await startBroker(test.database, { identity: fakeIdentity(users) });
    const client = await connect(broker.url, { username: 'ada', password: 'login-of-ada' });
    await client.publishAsync(`tocsin/services/${ids.open}/notifications`, 'hi', { qos: 1 });
    delete users.ada;
    client.publish(`tocsin/services/${ids.open}/notifications`, 'hi again', { qos: 1 });
    await new Promise<void>((resolve) => client.once('close', () => resolve()));
    await broker.stop();
  });

  describe('a device reports', () => {
    const eventsOf = (device: MqttDevice) =>
      test.database.query<{ notification_id: number; event: number }>(
        'select notification_id, event from delivery_event where device_id = $1 order by notification_id, event',
        [device.id],
      );

    it('receipts by token and, for what is in its inbox, by number; others are let go', async () => {
      const phone = await mqttDevice(test.database);
      const [mine] = await test.database.query<{ id: number }>(
        `insert into notification (uuid, title, ttl_seconds, source, created_at)
         values (gen_random_uuid(), 'x', 60, 'test', now()) returning id`,
      );
      const id = mine?.id ?? 0;
      await test.database.query('insert into inbox (user_id, notification_id) values ($1, $2)', [
        phone.userId,
        id,
      ]);
      const client = await connect(started.url, credentialsOf(phone));
      const report = (message: object | string) =>
        client.publishAsync(
          `tocsin/devices/${phone.address}/receipts`,
          typeof message === 'string' ? message : JSON.stringify(message),
          { qos: 1 },
        );
      await report({ token: receiptTokens.issue(id, phone.id, phone.userId), event: 'received' });
      await report({ id, event: 'opened' });
      await report({ id: notification().id, event: 'opened' });
      await report({ token: 'forged', event: 'opened' });
      await report({ id, event: 'exploded' });
      await report('{');
      expect(await eventsOf(phone)).toEqual([
        { notification_id: id, event: 10 },
        { notification_id: id, event: 12 },
      ]);
      await client.endAsync();
    });

    it('that it is alive, and by its last will until when it was', async () => {
      const phone = await mqttDevice(test.database);
      const seen = async () => {
        const [row] = await test.database.query<{ at: Date | null }>(
          'select last_seen_at as at from device where id = $1',
          [phone.id],
        );
        return row?.at?.getTime() ?? 0;
      };
      const topic = `tocsin/devices/${phone.address}/status`;
      const will = { topic, payload: Buffer.from('offline'), qos: 1 as const, retain: true };
      const client = await connect(started.url, { ...credentialsOf(phone), will });
      await client.publishAsync(topic, 'online', { qos: 1, retain: true });
      const online = await seen();
      expect(online).toBeGreaterThan(0);
      client.stream.destroy();
      await eventually(async () => (await seen()) > online);
    });
  });
});
