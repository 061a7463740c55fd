/** One POST to devices of every kind. */
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as build from '../test/builders.ts';
import { appleDevices, browsers, googleDevices, Storm } from '../test/storm.ts';

const EACH = 250;

let storm: Storm;
beforeAll(async () => {
  storm = await Storm.begin();
});
afterAll(() => storm.end());

async function registerMqtt(): Promise<{ username: string; password: string; topic: string }> {
  const answer = await storm.post('/api/v3/devices', { kind: 'mqtt' });
  return ((await answer.json()) as { mqtt: { username: string; password: string; topic: string } }).mqtt;
}

/** Payloads that arrive at one device, as they come. */
async function listen(): Promise<{ heard: { id: number; title: string }[]; close: () => Promise<void> }> {
  const { username, password, topic } = await registerMqtt();
  const client = await mqtt.connectAsync(`${storm.origin.replace('http', 'ws')}/mqtt`, {
    protocolVersion: 4,
    username,
    password,
    clientId: 'kinds',
    clean: false,
  });
  const heard: { id: number; title: string }[] = [];
  client.on('message', (_topic, payload) => heard.push(JSON.parse(payload.toString())));
  await client.subscribeAsync(topic, { qos: 1 });
  return { heard, close: () => client.endAsync() };
}

it('reaches every device of five kinds exactly once', async () => {
  const { database, providers } = storm;
  const service = await build.service(database);
  const names = Array.from({ length: EACH }, (_, index) => ({
    kind: 'mqtt' as const,
    address: `kinds-${index}`,
  }));
  const devices = await build.audience(database, service, [
    ...appleDevices(EACH),
    ...appleDevices(20, 5_000, 'sandbox'),
    ...googleDevices(EACH),
    ...browsers(storm, providers.mozilla, EACH),
    ...browsers(storm, providers.google, EACH, 'unifiedpush'),
    ...names,
  ]);
  const [admin] = await database.query<{ id: number }>(
    "select id from user_account where username = 'admin'",
    [],
  );
  await build.subscribe(database, service, admin?.id ?? 0);
  const listener = await listen();

  const id = await storm.publish(service, { title: 'To all', body: 'five kinds', priority: 'high' });

  await expect.poll(() => storm.accepted(id, devices), { timeout: 30_000 }).toBe(devices.length);
  const log = await storm.log(id);
  expect(log.size).toBe(devices.length + 1);
  expect([...log.values()].filter((events) => events.join() !== 'accepted')).toEqual([]);
  const { apns, sandbox, fcm, mozilla, google } = providers;
  const perDevice = [...apns.accepted.values(), ...sandbox.accepted.values(), ...fcm.accepted.values()];
  expect(perDevice).toEqual(Array(2 * EACH + 20).fill(1));
  for (const service of [mozilla, google]) {
    expect(service.refusals).toEqual([]);
    expect(new Set(service.received.map(({ address }) => address)).size).toBe(EACH);
    expect(service.received).toHaveLength(EACH);
  }
  await expect.poll(() => listener.heard).toMatchObject([{ id, title: 'To all' }]);
  const [outbox] = await database.query<{ count: number }>(
    'select count(*) as count from mqtt_outbox where notification_id = $1',
    [id],
  );
  expect(Number(outbox?.count)).toBe(EACH);
  await listener.close();
  expect(storm.complaints).toEqual([]);
});
