import { randomBytes } from 'node:crypto';
import { ACCEPTED, type DeviceKind, gone, type Outcome, refused, retry } from '@tocsin/push';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as build from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { type Sent, scriptedTransport } from '../../test/transport.ts';
import { DRAFT_DEFAULTS } from '../ingest/draft.ts';
import { createIngest } from '../ingest/ingest.ts';
import { EVENTS, eventName, stateOf } from '../receipts/states.ts';
import { createReceiptTokens } from '../receipts/token.ts';
import { createRegistry } from '../transports/registry.ts';
import { FanoutWorker } from './worker.ts';

let test: TestDatabase;
const workers: FanoutWorker[] = [];
beforeAll(async () => {
  test = await testDatabase();
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop();
});
afterAll(() => test.drop());

const clock = build.testClock();
const tokens = createReceiptTokens(randomBytes(32));
const errors: string[] = [];

function startWorker(
  answers: Partial<Record<DeviceKind, (sent: Sent) => Outcome | Promise<Outcome>>>,
  node = 'n1',
) {
  const made = Object.entries(answers).map(([kind, answer]) => ({
    kind: kind as DeviceKind,
    ...scriptedTransport(kind as DeviceKind, answer),
  }));
  const registry = createRegistry(made.map(({ kind, transport }) => ({ kind, environment: '', transport })));
  const worker = new FanoutWorker({
    database: test.database,
    clock: clock.now,
    random: () => 0,
    node,
    registry,
    tokens,
    onInbox: () => undefined,
    onOutcomes: () => undefined,
    onError: (error, what) => errors.push(`${what}: ${error.message}`),
  });
  workers.push(worker);
  worker.start();
  return { worker, sent: (kind: DeviceKind) => made.find((one) => one.kind === kind)?.sent ?? [] };
}

const ingest = () => createIngest({ database: test.database, clock: clock.now, onAccepted: () => undefined });

async function publish(
  serviceId: string,
  given: Partial<typeof DRAFT_DEFAULTS> & { ttlSeconds?: number } = {},
): Promise<number> {
  const acceptance = await ingest().accept({
    ...DRAFT_DEFAULTS,
    ...given,
    serviceId,
    title: 'T',
    source: 'test',
  });
  if (acceptance.kind !== 'accepted') throw new Error(acceptance.kind);
  return acceptance.id;
}

async function states(notificationId: number): Promise<Record<number, string>> {
  const rows = await test.database.query<{ device_id: number; event: number }>(
    'select device_id, event from delivery_event where notification_id = $1',
    [notificationId],
  );
  const byDevice = new Map<number, number[]>();
  for (const row of rows) byDevice.set(row.device_id, [...(byDevice.get(row.device_id) ?? []), row.event]);
  return Object.fromEntries(
    [...byDevice].map(([device, events]) => [device, stateOf(events.map(eventName))]),
  );
}

const idle = (notificationId: number) =>
  expect
    .poll(
      async () =>
        (await test.database.query('select 1 from chunk where notification_id = $1', [notificationId]))
          .length,
      { timeout: 15_000 },
    )
    .toBe(0);

async function audience(kinds: readonly DeviceKind[]) {
  const serviceId = await build.service(test.database);
  const devices: number[] = [];
  for (const kind of kinds) {
    const userId = await build.user(test.database);
    await build.subscribe(test.database, serviceId, userId);
    devices.push(await build.device(test.database, { userId, kind }));
  }
  return { serviceId, devices };
}

describe('the fan-out', () => {
  it('sends every device once, with its badge and a token that opens to its delivery, and logs each outcome', async () => {
    const { serviceId, devices } = await audience(['apns', 'fcm', 'apns']);
    const { sent } = startWorker({ apns: () => ({ kind: 'accepted' }), fcm: () => refused('no') });
    const id = await publish(serviceId);
    await idle(id);
    expect(
      sent('apns')
        .map(({ deviceId }) => deviceId)
        .sort(),
    ).toEqual([devices[0], devices[2]]);
    expect(sent('apns')[0]?.badge).toBe(1);
    expect(tokens.open(sent('fcm')[0]?.receiptToken ?? '')).toMatchObject({
      notificationId: id,
      deviceId: devices[1],
    });
    expect(await states(id)).toEqual({
      [devices[0] ?? 0]: 'accepted',
      [devices[1] ?? 0]: 'refused',
      [devices[2] ?? 0]: 'accepted',
    });
  });

  it('says so when a kind is not set up', async () => {
    const { serviceId, devices } = await audience(['webpush']);
    startWorker({ apns: () => ({ kind: 'accepted' }) });
    const id = await publish(serviceId);
    await idle(id);
    expect(await states(id)).toEqual({ [devices[0] ?? 0]: 'refused' });
  });

  it('removes a dead address only when the provider speaks of a time after its registration', async () => {
    const { serviceId, devices } = await audience(['apns', 'apns', 'apns']);
    const [, newer, undated] = devices;
    startWorker({
      apns: ({ deviceId }) =>
        gone(
          'Unregistered',
          deviceId === undated ? null : deviceId === newer ? Date.now() - 3_600_000 : Date.now() + 3_600_000,
        ),
    });
    await idle(await publish(serviceId));
    const rows = await test.database.query<{ id: number }>(
      'select id from device where id = any($1::bigint[]) and gone_at is null',
      [devices],
    );
    expect(rows.map((row) => row.id)).toEqual([newer]);
  });

  it('tries again after the time the provider asked for, and not before', async () => {
    const { serviceId, devices } = await audience(['fcm']);
    let ready = false;
    const { worker, sent } = startWorker({
      fcm: () => (ready ? { kind: 'accepted' } : retry('QUOTA_EXCEEDED', 60_000)),
    });
    const id = await publish(serviceId);
    await idle(id);
    expect(await states(id)).toEqual({ [devices[0] ?? 0]: 'retry' });
    ready = true;
    clock.advance(59_000);
    worker.wake();
    expect(sent('fcm')).toHaveLength(1);
    clock.advance(2_000);
    worker.wake();
    await expect.poll(() => states(id)).toEqual({ [devices[0] ?? 0]: 'accepted' });
    expect(await test.database.query('select 1 from retry where notification_id = $1', [id])).toEqual([]);
  });

  it('retry only failed targets: who has it is not sent to again', async () => {
    const { serviceId, devices } = await audience(['fcm', 'fcm']);
    const [fine, failing] = devices;
    let isBack = false;
    const { worker, sent } = startWorker({
      fcm: ({ deviceId }) => (deviceId === fine || isBack ? ACCEPTED : retry('UNAVAILABLE', 10_000)),
    });
    const id = await publish(serviceId);
    await idle(id);
    isBack = true;
    clock.advance(11_000);
    worker.wake();
    await expect.poll(() => states(id)).toMatchObject({ [failing ?? 0]: 'accepted' });
    expect(sent('fcm').map(({ deviceId }) => deviceId)).toEqual([fine, failing, failing]);
  });

  it('counts Retry-After from the answer, however long the batch was under way', async () => {
    const { serviceId } = await audience(['fcm']);
    let answer: (outcome: Outcome) => void = () => undefined;
    const { sent } = startWorker({
      fcm: () =>
        new Promise<Outcome>((resolve) => {
          answer = resolve;
        }),
    });
    const id = await publish(serviceId);
    await expect.poll(() => sent('fcm').length).toBe(1);
    clock.advance(5_000);
    answer(retry('QUOTA_EXCEEDED', 30_000));
    await idle(id);
    const [row] = await test.database.query<{ due_at: Date }>(
      'select due_at from retry where notification_id = $1',
      [id],
    );
    expect(row?.due_at.getTime()).toBe(clock.now() + 30_000);
    await test.database.query('delete from retry where notification_id = $1', [id]);
  });

  it('says once in the log that a device waits for a parked provider, however long that takes', async () => {
    const { serviceId } = await audience(['fcm']);
    let isBack = false;
    const { worker, sent } = startWorker({
      fcm: () => (isBack ? ACCEPTED : retry('parked: away', 60_000, 'provider')),
    });
    const id = await publish(serviceId);
    await idle(id);
    for (let minute = 2; minute <= 5; minute++) {
      isBack = minute === 5;
      clock.advance(61_000);
      worker.wake();
      await expect.poll(() => sent('fcm').length).toBe(minute);
    }
    const events = () =>
      test.database.query('select event from delivery_event where notification_id = $1 order by event', [id]);
    await expect.poll(events).toEqual([{ event: EVENTS.accepted }, { event: EVENTS.retry }]);
  });

  it('gives up when the time to live is over', async () => {
    const { serviceId, devices } = await audience(['fcm']);
    const { worker } = startWorker({ fcm: () => retry('UNAVAILABLE', 10_000) });
    const id = await publish(serviceId, { ttlSeconds: 15 } as never);
    await idle(id);
    clock.advance(12_000);
    worker.wake();
    await expect.poll(() => states(id)).toEqual({ [devices[0] ?? 0]: 'expired' });
  });

  it('cuts a large audience into ranges and writes its inboxes', async () => {
    const serviceId = await build.service(test.database);
    await test.database.query(
      `with people as (insert into user_account (username) select 'many' || n from generate_series(1, 1200) n returning id),
       subscribed as (insert into subscription (service_id, user_id) select $1, id from people)
       insert into device (user_id, kind, address, app) select id, 'apns', 'token-' || id, 'tests' from people`,
      [serviceId],
    );
    const { sent } = startWorker({ apns: () => ({ kind: 'accepted' }) });
    const id = await publish(serviceId);
    await expect.poll(() => sent('apns').length, { timeout: 15_000 }).toBe(1200);
    await idle(id);
    expect(new Set(sent('apns').map(({ deviceId }) => deviceId)).size).toBe(1200);
    const [inbox] = await test.database.query<{ count: number }>(
      'select count(*) as count from inbox where notification_id = $1',
      [id],
    );
    expect(inbox?.count).toBe(1200);
  });

  it('mark-processed-then-crash: is taken over from a node that died, without the devices that are in the log', async () => {
    const { serviceId, devices } = await audience(['apns', 'apns']);
    const id = await publish(serviceId);
    await test.database.query(
      `update chunk set leased_by = 'dead', attempts = 1, lease_until = $2 where notification_id = $1`,
      [id, new Date(clock.now() + 10_000)],
    );
    await test.database.query(
      `insert into delivery_event (notification_id, device_id, user_id, event, node, at) values ($1, $2, 0, 1, 'dead', $3)`,
      [id, devices[0], new Date(clock.now())],
    );
    const { worker, sent } = startWorker({ apns: () => ({ kind: 'accepted' }) }, 'n2');
    expect(sent('apns')).toHaveLength(0);
    clock.advance(11_000);
    worker.wake();
    await idle(id);
    expect(sent('apns').map(({ deviceId }) => deviceId)).toEqual([devices[1]]);
  });

  it('lets an alarm pass while a provider stalls', async () => {
    const stalled = await audience(['fcm', 'fcm']);
    const alarm = await audience(['apns']);
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { worker, sent } = startWorker({
      fcm: async () => {
        await gate;
        return { kind: 'accepted' };
      },
      apns: () => ({ kind: 'accepted' }),
    });
    for (let i = 0; i < 6; i++) await publish(stalled.serviceId);
    worker.wake();
    await expect.poll(() => sent('fcm').length).toBeGreaterThan(0);
    const id = await publish(alarm.serviceId, { priority: 'critical' } as never);
    worker.wake();
    await expect.poll(() => sent('apns').length, { timeout: 2_000 }).toBe(1);
    await idle(id);
    release();
  });

  it('two pods one queue: each device is sent to by one of them', async () => {
    const { serviceId, devices } = await audience(['apns', 'apns']);
    const pods = [startWorker({ apns: () => ACCEPTED }, 'n1'), startWorker({ apns: () => ACCEPTED }, 'n2')];
    const ids = await Promise.all(Array.from({ length: 30 }, () => publish(serviceId)));
    for (const id of ids) await idle(id);
    const sent = pods.flatMap((pod) => pod.sent('apns'));
    const deliveries = sent.map(({ notification, deviceId }) => `${notification.id}/${deviceId}`);
    expect(deliveries.sort()).toEqual(ids.flatMap((id) => devices.map((device) => `${id}/${device}`)).sort());
  });

  it('consumer silent after idle: takes what comes after a quiet hour, though nobody wakes it', async () => {
    const { serviceId } = await audience(['apns']);
    const { sent } = startWorker({ apns: () => ACCEPTED });
    await idle(await publish(serviceId));
    clock.advance(3_600_000);
    await idle(await publish(serviceId));
    expect(sent('apns')).toHaveLength(2);
  });

  it('reports no error on the way', () => {
    expect(errors).toEqual([]);
  });
});
