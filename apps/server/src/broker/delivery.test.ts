import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { storeOutbox } from '../store/mqtt-outbox.ts';
import { WINDOW } from './deliveries.ts';
import {
  collect,
  connect,
  credentialsOf,
  eventually,
  type MqttDevice,
  mqttDevice,
  notification,
  receiptTokens,
  type StartedBroker,
  send,
  startBroker,
  waitingFor,
} from './testing/harness.ts';

const run = promisify(execFile);

describe('delivering to MQTT devices', () => {
  let test: TestDatabase;
  let started: StartedBroker;
  let phone: MqttDevice;

  beforeAll(async () => {
    test = await testDatabase();
  });
  afterAll(() => test.drop());
  beforeEach(async () => {
    started = await startBroker(test.database);
    phone = await mqttDevice(test.database);
  });
  afterEach(() => started.stop());

  const listenAs = async (device: MqttDevice, url = started.url, qos: 0 | 1 | 2 = 1) => {
    const client = await connect(url, credentialsOf(device));
    const received = collect(client);
    await client.subscribeAsync(device.topic, { qos });
    return { client, received };
  };
  const titles = (packets: readonly { payload: string | Buffer }[]) =>
    packets.map(({ payload }) => JSON.parse(String(payload)).title as string);

  it.each(['url', 'webSocketUrl'] as const)('reaches a device that listens at once (%s)', async (door) => {
    const { client, received } = await listenAs(phone, started[door]);
    const outcomes = await send(started, notification({ title: 'Door open' }), [phone]);
    const [packet] = await received.atLeast(1);
    expect(outcomes).toEqual([{ kind: 'accepted' }]);
    expect(packet).toMatchObject({ topic: phone.topic, qos: 1, retain: false, dup: false });
    await eventually(async () => (await waitingFor(test.database, phone.id)) === 0);
    await client.endAsync();
  });

  it('splices the badge and the receipt token of each device into the payload', async () => {
    const other = await mqttDevice(test.database);
    const first = await listenAs(phone);
    const second = await listenAs(other);
    const what = notification({ title: 'Für beide', data: { door: 'north' } });
    await send(started, what, [phone, other]);
    for (const [{ received, client }, device] of [
      [first, phone],
      [second, other],
    ] as const) {
      const [packet] = await received.atLeast(1);
      const message = JSON.parse(String(packet?.payload));
      expect(message).toMatchObject({ id: what.id, title: 'Für beide', badge: 3, data: { door: 'north' } });
      expect(message.receipt).toBe(receiptTokens.issue(what.id, device.id, device.userId));
      await client.endAsync();
    }
  });

  it('keeps what came while the device was away, in the database and not in the broker', async () => {
    const { client } = await listenAs(phone);
    await client.endAsync();
    await send(started, notification({ title: 'one' }), [phone]);
    await send(started, notification({ title: 'two' }), [phone]);
    await started.stop();
    started = await startBroker(test.database);
    const { received, client: again } = await listenAs(phone);
    expect(titles(await received.atLeast(2))).toEqual(['one', 'two']);
    await eventually(async () => (await waitingFor(test.database, phone.id)) === 0);
    await again.endAsync();
  });

  it('delivers again what was not acknowledged, and only that', async () => {
    const deaf = await connect(started.url, credentialsOf(phone));
    const heard: string[] = [];
    // The second message is read and never acknowledged.
    deaf.handleMessage = (packet, done) => {
      heard.push(...titles([packet]));
      if (heard.length === 1) done();
    };
    await deaf.subscribeAsync(phone.topic, { qos: 1 });
    await send(started, notification({ title: 'acknowledged' }), [phone]);
    await send(started, notification({ title: 'lost' }), [phone]);
    await eventually(() => heard.length === 2);
    await eventually(async () => (await waitingFor(test.database, phone.id)) === 1);
    deaf.stream.destroy();
    const { received, client } = await listenAs(phone);
    expect(titles(await received.atLeast(1))).toEqual(['lost']);
    await client.endAsync();
  });

  it('replays a thousand messages in order, never more than a window on the way', async () => {
    const count = 1_000;
    const ids = Array.from({ length: count }, (_, index) => 5_000_000 + index);
    for (const id of ids) {
      await storeOutbox(test.database, {
        notificationId: id,
        notificationCreatedAt: new Date(),
        expiresAt: new Date(Date.now() + 60_000),
        deviceIds: [phone.id],
        payloads: [Buffer.from(JSON.stringify({ id }))],
      });
    }
    const client = await connect(started.url, credentialsOf(phone));
    const seen: number[] = [];
    const held: (() => void)[] = [];
    client.handleMessage = (packet, done) => {
      seen.push(JSON.parse(String((packet as { payload: Buffer }).payload)).id);
      if (seen.length === 1) held.push(done);
      else done();
    };
    await client.subscribeAsync(phone.topic, { qos: 1 });
    await eventually(() => held.length === 1);
    expect(seen.length).toBeLessThanOrEqual(WINDOW);
    held[0]?.();
    await eventually(() => seen.length >= count, 20_000);
    expect(seen).toEqual(ids);
    await eventually(async () => (await waitingFor(test.database, phone.id)) === 0);
    await client.endAsync();
  });

  it('drops what expired', async () => {
    let now = Date.now();
    await started.stop();
    started = await startBroker(test.database, { clock: () => now });
    await send(started, notification({ title: 'old', ttlSeconds: 60, timestamp: now }), [phone]);
    await send(started, notification({ title: 'lasting', ttlSeconds: 600, timestamp: now }), [phone]);
    now += 61_000;
    const { received, client } = await listenAs(phone);
    expect(titles(await received.atLeast(1))).toEqual(['lasting']);
    await client.endAsync();
  });

  it('delivers once to a device that asks for at most once', async () => {
    const { client, received } = await listenAs(phone, started.url, 0);
    await send(started, notification(), [phone]);
    const [packet] = await received.atLeast(1);
    expect(packet?.qos).toBe(0);
    await eventually(async () => (await waitingFor(test.database, phone.id)) === 0);
    await client.endAsync();
  });

  it('stops after UNSUBSCRIBE and goes on after the next SUBSCRIBE', async () => {
    const { client, received } = await listenAs(phone);
    await client.unsubscribeAsync(phone.topic);
    await send(started, notification({ title: 'waits' }), [phone]);
    expect(started.broker.status().listening).toBe(0);
    await client.subscribeAsync(phone.topic, { qos: 1 });
    expect(titles(await received.atLeast(1))).toEqual(['waits']);
    await client.endAsync();
  });

  it('gives the device to the newest connection and closes the older one', async () => {
    const first = await listenAs(phone);
    const closed = new Promise<void>((resolve) => first.client.once('close', () => resolve()));
    const client = await connect(started.url, { ...credentialsOf(phone), clientId: 'another phone' });
    const received = collect(client);
    await client.subscribeAsync(phone.topic, { qos: 1 });
    await closed;
    await send(started, notification({ title: 'to the new one' }), [phone]);
    expect(titles(await received.atLeast(1))).toEqual(['to the new one']);
    expect(first.received.packets).toEqual([]);
    await client.endAsync();
  });

  it('throws out the first of two clients with the same identifier', async () => {
    const first = await connect(started.url, credentialsOf(phone));
    const closed = new Promise<void>((resolve) => first.once('close', () => resolve()));
    const second = await connect(started.url, credentialsOf(phone));
    await closed;
    await second.endAsync();
  });

  it('lets nobody throw out the client of somebody else by its identifier', async () => {
    const { client, received } = await listenAs(phone);
    const stranger = await connect(started.url, { clientId: 'phone' });
    await send(started, notification({ title: 'still here' }), [phone]);
    expect(titles(await received.atLeast(1))).toEqual(['still here']);
    await stranger.endAsync();
    await client.endAsync();
  });

  it('finds what another node stored when it is woken', async () => {
    const other = await startBroker(test.database);
    const { received, client } = await listenAs(phone);
    await send(other, notification({ title: 'from there' }), [phone]);
    started.broker.wake();
    expect(titles(await received.atLeast(1))).toEqual(['from there']);
    await client.endAsync();
    await other.stop();
  });

  it('goes on when the database comes back', async () => {
    let isAway = true;
    const { database } = test;
    const query: typeof database.query = (text, values, name) =>
      isAway && name?.startsWith('mqtt-outbox-pending')
        ? Promise.reject(new Error('away'))
        : database.query(text, values, name);
    const flaky = await startBroker({ ...database, query });
    const { received, client } = await listenAs(phone, flaky.url);
    await send(flaky, notification({ title: 'later' }), [phone]);
    await eventually(() => flaky.logged.some(({ message }) => message === 'reading the MQTT outbox'));
    isAway = false;
    expect(titles(await received.atLeast(1))).toEqual(['later']);
    await client.endAsync();
    await flaky.stop();
  });

  it('serves mosquitto_sub', async () => {
    await send(started, notification({ title: 'Hello mosquitto' }), [phone]);
    const given = ['-p', String(started.port), '-i', 'sub', '-u', phone.address, '-P', phone.password];
    const { stdout } = await run('mosquitto_sub', [
      ...given,
      '-c',
      '-q',
      '1',
      '-t',
      phone.topic,
      '-C',
      '1',
      '-W',
      '10',
    ]);
    expect(titles([{ payload: stdout }])).toEqual(['Hello mosquitto']);
    await eventually(async () => (await waitingFor(test.database, phone.id)) === 0);
  });
});

describe('the outbox transport', () => {
  it('says which devices were removed meanwhile and stores the others', async () => {
    const test = await testDatabase();
    const started = await startBroker(test.database);
    const [kept, removed] = [await mqttDevice(test.database), await mqttDevice(test.database)];
    await test.database.query('delete from device where id = $1', [removed.id]);
    const what = notification();
    const outcomes = await send(started, what, [removed, kept]);
    expect(outcomes).toMatchObject([{ kind: 'gone' }, { kind: 'accepted' }]);
    expect(await send(started, what, [kept])).toMatchObject([{ kind: 'accepted' }]);
    expect(await waitingFor(test.database, kept.id)).toBe(1);
    await started.stop();
    await test.drop();
  });

  it('answers retry for the provider while the database is away', async () => {
    const test = await testDatabase();
    const started = await startBroker(test.database);
    const phone = await mqttDevice(test.database);
    await test.drop();
    expect(await send(started, notification(), [phone])).toMatchObject([
      { kind: 'retry', scope: 'provider' },
    ]);
    await started.stop();
  });
});
