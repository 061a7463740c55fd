import { createHash } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { outcomesOf as send } from '../../testing/batch.ts';
import { selfSignedCertificate } from '../../testing/certificate.ts';
import { batchFor } from '../../testing/webpush/batch.ts';
import {
  type FakeWebPushOptions,
  type FakeWebPushService,
  startFakeWebPushService,
} from '../../testing/webpush/index.ts';
import { createCoreClient, createNodeClient } from '../http2/index.ts';
import type { Notification } from '../notification.ts';
import { ACCEPTED, gone, refused, retry } from '../outcome.ts';
import { createAddressGuard } from '../outside/address-guard.ts';
import type { Transport } from '../transport.ts';
import type { WebPushConfig } from './config.ts';
import { createWebPushTransport } from './transport.ts';
import { generateVapidKeys } from './vapid.ts';

const vapid = generateVapidKeys();
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function startService(options: FakeWebPushOptions = {}): Promise<FakeWebPushService> {
  const service = await startFakeWebPushService(options);
  open.push(service);
  return service;
}

function newTransport(changes: Partial<WebPushConfig> = {}, createClient = createCoreClient): Transport {
  const config = {
    kind: 'webpush',
    vapid,
    subject: 'mailto:admin@example.org',
    guard: createAddressGuard(['localhost']),
    ca: selfSignedCertificate().ca,
    requestTimeoutMs: 2_000,
    ...changes,
  } as const;
  const transport = createWebPushTransport(config, { createClient, clock: Date.now });
  open.push(transport);
  return transport;
}

const subscribers = (service: FakeWebPushService, count: number) =>
  Array.from({ length: count }, () => service.subscribe(vapid.publicKey));
const now = (changes: Partial<Notification> = {}) => ({ timestamp: Date.now(), ...changes });

const WAYS = [
  ['our HTTP/2 client', {}, createCoreClient, '2.0'],
  ['node:http2', {}, createNodeClient, '2.0'],
  ['HTTP/1.1 for services without HTTP/2', { http1: true }, createCoreClient, '1.1'],
] as const;

describe.each(WAYS)('Web Push over %s', (_name, options, createClient, httpVersion) => {
  it('delivers what every browser alone can read, each its own badge and receipt token', async () => {
    const service = await startService(options);
    const devices = subscribers(service, 40);
    const transport = newTransport({}, createClient);
    const batch = { ...batchFor(devices, now()), badges: devices.map((_, index) => index - 1) };
    expect(await send(transport, batch)).toEqual(devices.map(() => ACCEPTED));
    expect(service.refusals).toEqual([]);
    const byAddress = new Map(service.received.map((push) => [push.address, push]));
    expect(byAddress.size).toBe(40);
    for (const [index, { address }] of devices.entries()) {
      const push = byAddress.get(address);
      const badge = index === 0 ? null : index - 1;
      expect(push?.json).toMatchObject({
        id: 42,
        title: 'Magnet quench',
        badge,
        receipt: `r${index + 1}`,
      });
      expect(push?.httpVersion).toBe(httpVersion);
    }
  });

  it('tries again what was sent to a service that is away, and delivers when it is back', async () => {
    const service = await startService(options);
    const transport = newTransport({}, createClient);
    const batch = batchFor(subscribers(service, 3), now());
    await service.down();
    for (const outcome of await send(transport, batch)) {
      expect(outcome).toMatchObject({ kind: 'retry', scope: 'provider' });
    }
    await service.up();
    await expect
      .poll(() => send(transport, batch), { timeout: 10_000 })
      .toEqual([ACCEPTED, ACCEPTED, ACCEPTED]);
  });

  it('is delivered by the first batch after the service is back, however often it was asked meanwhile', async () => {
    const service = await startService(options);
    const transport = newTransport({ requestTimeoutMs: 400 }, createClient);
    const batch = batchFor(subscribers(service, 1), now());
    expect(await send(transport, batch)).toEqual([ACCEPTED]);
    await service.down();
    for (let asked = 0; asked < 4; asked++) expect((await send(transport, batch))[0]?.kind).toBe('retry');
    await service.up();
    expect(await send(transport, batch)).toEqual([ACCEPTED]);
  });

  it('does not unsubscribe anybody when the service answers 503 or cuts the connection', async () => {
    const service = await startService(options);
    const transport = newTransport({}, createClient);
    const batch = batchFor(subscribers(service, 2), now());
    service.answer(503, { 'retry-after': '30' });
    expect(await send(transport, batch)).toEqual([retry('status 503', 30_000), retry('status 503', 30_000)]);
    service.cut();
    for (const outcome of await send(transport, batch)) expect(outcome.kind).toBe('retry');
    service.deliver();
    await expect.poll(() => send(transport, batch), { timeout: 10_000 }).toEqual([ACCEPTED, ACCEPTED]);
  });

  it('gives up on a service that stalls without trying the whole batch', async () => {
    const service = await startService(options);
    const transport = newTransport({ requestTimeoutMs: 300 }, createClient);
    service.stall();
    const started = Date.now();
    const outcomes = await send(transport, batchFor(subscribers(service, 500), now()));
    for (const outcome of outcomes) expect(outcome.kind).toBe('retry');
    expect(service.requests).toBeLessThan(500);
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it('does not follow a redirect', async () => {
    const service = await startService(options);
    const elsewhere = await startService(options);
    const transport = newTransport({}, createClient);
    service.redirect(elsewhere.subscribe().address);
    expect(await send(transport, batchFor(subscribers(service, 1), now()))).toEqual([refused('status 307')]);
    expect(elsewhere.connections).toBe(0);
  });
});

describe('Web Push requests', () => {
  it.each([
    ['low', 'low'],
    ['normal', 'normal'],
    ['high', 'high'],
    ['critical', 'high'],
  ] as const)('are of urgency %s → %s', async (priority, urgency) => {
    const service = await startService();
    await send(newTransport(), batchFor(subscribers(service, 1), now({ priority })));
    expect(service.received[0]?.headers.urgency).toBe(urgency);
  });

  it('carry a topic of 32 characters even for a long collapse key in UTF-8, equal on every attempt', async () => {
    const service = await startService();
    const transport = newTransport();
    const collapseKey = 'Störung im Sektor 4–5 🚨 des großen Beschleunigers';
    const batch = batchFor(subscribers(service, 1), now({ collapseKey }));
    await send(transport, batch);
    await send(transport, batch);
    const topics = service.received.map(({ headers }) => headers.topic);
    const topic = createHash('sha256').update(collapseKey).digest('base64url').slice(0, 32);
    expect(topics).toEqual([topic, topic]);
  });

  it('carry what is left of the ttl, at most four weeks', async () => {
    const service = await startService();
    const transport = newTransport();
    const devices = subscribers(service, 1);
    const sent = [
      now({ ttlSeconds: 3_600, timestamp: Date.now() - 600_000 }),
      now({ ttlSeconds: 60, timestamp: Date.now() - 600_000 }),
      now({ ttlSeconds: 0 }),
      now({ ttlSeconds: 365 * 86_400 }),
    ];
    for (const changes of sent) await send(transport, batchFor(devices, changes));
    const ttls = service.received.map(({ headers }) => Number(headers.ttl));
    expect(ttls).toEqual([3_000, 0, 0, 28 * 86_400]);
  });

  it('have lengths that do not tell how long the message is', async () => {
    const service = await startService();
    const transport = newTransport();
    const devices = subscribers(service, 1);
    for (const body of ['no', 'yes!']) await send(transport, batchFor(devices, now({ body })));
    const [short, long] = service.received.map(({ body }) => body.length);
    expect(short).toBe(long);
  });

  it('never repeat a salt or a key, also not for the same message', async () => {
    const service = await startService();
    const transport = newTransport();
    await transport.open();
    const batch = batchFor(subscribers(service, 20), now());
    await send(transport, batch);
    await send(transport, batch);
    const heads = service.received.map(({ body }) => body.subarray(0, 16).toString('hex'));
    const keys = service.received.map(({ body }) => body.subarray(21, 86).toString('hex'));
    expect(new Set(heads).size).toBe(40);
    expect(new Set(keys).size).toBe(40);
  });

  it('fit 4,096 bytes however long the texts are', async () => {
    const service = await startService();
    const body = 'ß'.repeat(20_000);
    expect(await send(newTransport(), batchFor(subscribers(service, 1), now({ body })))).toEqual([ACCEPTED]);
    expect(service.received[0]?.body).toHaveLength(4_096);
  });
});

describe('what a push service answers', () => {
  it('410 for one subscription removes that one only', async () => {
    const service = await startService();
    const devices = subscribers(service, 3);
    service.unsubscribe(devices[1]?.address ?? '');
    const outcomes = await send(newTransport(), batchFor(devices, now()));
    expect(outcomes).toEqual([ACCEPTED, gone('status 410 Unsubscribed'), ACCEPTED]);
  });

  it('403 for a subscription made with another key refuses that one only', async () => {
    const service = await startService();
    const devices = [service.subscribe(generateVapidKeys().publicKey), ...subscribers(service, 1)];
    const outcomes = await send(newTransport(), batchFor(devices, now()));
    expect(outcomes).toEqual([refused('vapid: status 403 VapidPkHashMismatch'), ACCEPTED]);
  });

  it('403 from everybody is our key or contact: the service is parked and nothing is lost', async () => {
    const service = await startService();
    service.answer(403);
    const transport = newTransport();
    const outcomes = await send(transport, batchFor(subscribers(service, 20), now()));
    const reason = 'vapid: status 403, from many: check our contact and VAPID key';
    expect(outcomes).toEqual(Array(20).fill(retry(reason, null, 'provider')));
    expect(await send(transport, batchFor(subscribers(service, 1), now()))).toEqual([
      refused('vapid: status 403'),
    ]);
  });

  it('413 is answered with one shorter attempt, and refused after a second 413', async () => {
    const service = await startService();
    service.answer(413);
    const long = batchFor(subscribers(service, 2), now({ body: 'x'.repeat(4_000) }));
    const outcome = refused('status 413: too large even when shortened');
    expect(await send(newTransport(), long)).toEqual([outcome, outcome]);
    expect(service.requests).toBe(4);
    expect(await send(newTransport(), batchFor(subscribers(service, 1), now()))).toEqual([outcome]);
    expect(service.requests).toBe(5);
  });

  it('413 for the whole message delivers the shorter one', async () => {
    const service = await startService({ mostBodyBytes: 2_744 });
    const batch = batchFor(subscribers(service, 2), now({ body: 'x'.repeat(4_000) }));
    expect(await send(newTransport(), batch)).toEqual([ACCEPTED, ACCEPTED]);
    expect(service.requests).toBe(4);
    for (const { body } of service.received) expect(body.length).toBeLessThanOrEqual(2_744);
  });

  it('429 waits until the date it names', async () => {
    const service = await startService();
    service.answer(429, { 'retry-after': new Date(Date.now() + 90_000).toUTCString() });
    const [outcome] = await send(newTransport(), batchFor(subscribers(service, 1), now()));
    expect(outcome).toMatchObject({ kind: 'retry', scope: 'device' });
    const { afterMs } = outcome as { afterMs: number };
    expect(afterMs).toBeGreaterThan(80_000);
    expect(afterMs).toBeLessThanOrEqual(90_000);
  });
});

describe('several push services', () => {
  it('do not wait for one that stalls', async () => {
    const stalled = await startService();
    const healthy = await startService();
    stalled.stall();
    const devices = [...subscribers(stalled, 50), ...subscribers(healthy, 50)];
    const transport = newTransport({ requestTimeoutMs: 4_000 });
    let healthyDone = 0;
    const sending = transport.send(batchFor(devices, now()), (index) => {
      if (index >= 50) healthyDone++;
    });
    await expect.poll(() => healthyDone, { timeout: 3_000 }).toBe(50);
    stalled.cut();
    await stalled.down();
    await sending;
  });

  it('let a small batch through while a flood is under way', async () => {
    const service = await startService();
    service.latency(20);
    const transport = newTransport();
    const [urgent] = subscribers(service, 1);
    let flooded = 0;
    const flood = transport.send(batchFor(subscribers(service, 1_000), now()), () => flooded++);
    await expect.poll(() => flooded, { timeout: 10_000, interval: 1 }).toBeGreaterThan(0);
    expect(await send(transport, batchFor(urgent ? [urgent] : [], now({ priority: 'critical' })))).toEqual([
      ACCEPTED,
    ]);
    expect(flooded).toBeLessThan(1_000);
    await flood;
    expect(flooded).toBe(1_000);
  });
});

describe('endpoints that lead into our own network', () => {
  const privateGuard = (resolve?: LookupFunction) => createAddressGuard([], resolve);

  it.each(['https://127.0.0.1/x', 'https://[::1]/x', 'https://0x7f.1/x', 'https://user@push.example.org/x'])(
    '%s is refused without a connection',
    async (address) => {
      const service = await startService();
      const { credential } = service.subscribe();
      const url = address.replace('/x', `:${new URL(service.origin).port}/x`);
      const transport = newTransport({ guard: privateGuard() });
      const [outcome] = await send(transport, batchFor([{ address: url, credential }], now()));
      expect(outcome?.kind).toBe('refused');
      expect(service.connections).toBe(0);
    },
  );

  it('a public name that resolves to a private address is refused at connect time', async () => {
    const service = await startService();
    const { credential } = service.subscribe();
    const resolve: LookupFunction = (_name, _options, callback) =>
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    const address = `https://push.example.org:${new URL(service.origin).port}/x`;
    const transport = newTransport({ guard: privateGuard(resolve) });
    expect(transport.checkAddress({ address, credential })).toBeNull();
    const outcomes = await send(transport, batchFor([{ address, credential }], now()));
    expect(outcomes).toEqual([refused('push.example.org is at a loopback address')]);
    expect(service.connections).toBe(0);
  });

  it('a name that is public at first and private later is refused when the connection is made', async () => {
    const service = await startService();
    const { credential } = service.subscribe();
    let asked = 0;
    const resolve: LookupFunction = (_name, _options, callback) => {
      asked++;
      // 127.0.0.2 plays the public address: it may be talked to, and nobody listens there.
      callback(null, [{ address: asked === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }]);
    };
    const guard = createAddressGuard(['127.0.0.2'], resolve);
    const address = `https://push.example.org:${new URL(service.origin).port}/x`;
    const transport = newTransport({ guard, requestTimeoutMs: 500 });
    const [first] = await send(transport, batchFor([{ address, credential }], now()));
    expect(first?.kind).toBe('retry');
    const [second] = await send(transport, batchFor([{ address, credential }], now()));
    expect(second).toEqual(refused('push.example.org is at a loopback address'));
    expect(service.connections).toBe(0);
  });
});

describe('the Web Push transport', () => {
  it('is also that of UnifiedPush', async () => {
    const service = await startService();
    const transport = newTransport({ kind: 'unifiedpush' });
    expect(transport.kind).toBe('unifiedpush');
    expect(await send(transport, batchFor(subscribers(service, 1), now()))).toEqual([ACCEPTED]);
  });

  it('refuses subscriptions it cannot use and sends the others', async () => {
    const service = await startService();
    const [good] = subscribers(service, 1);
    const offCurve = `${Buffer.alloc(65, 4).toString('base64url')}.${good?.auth}`;
    const devices = [
      { address: service.subscribe().address, credential: offCurve },
      { address: 'nonsense', credential: '' },
      ...(good ? [good] : []),
    ];
    expect(await send(newTransport(), batchFor(devices, now()))).toEqual([
      refused('p256dh is not a point on the curve P-256'),
      refused('the endpoint is not a URL'),
      ACCEPTED,
    ]);
  });

  it('does not start with a contact on localhost', () => {
    expect(() => newTransport({ subject: 'mailto:admin@localhost' })).toThrow('403 BadJwtToken');
  });

  it('answers retry after it was closed', async () => {
    const service = await startService();
    const transport = newTransport();
    await transport.close();
    expect(await send(transport, batchFor(subscribers(service, 1), now()))).toEqual([
      retry('the transport is closed'),
    ]);
  });

  it('does not change the notification it is given', async () => {
    const service = await startService();
    const batch = batchFor(subscribers(service, 2), now());
    const before = structuredClone(batch.notification);
    await send(newTransport(), batch);
    expect(batch.notification).toEqual(before);
  });
});
