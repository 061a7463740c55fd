import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ApnsRefusal,
  type FakeApns,
  type FakeApnsOptions,
  startFakeApns,
} from '../../testing/apns/index.ts';
import { outcomesOf, sampleBatch, sampleNotification } from '../../testing/batch.ts';
import { selfSignedCertificate } from '../../testing/certificate.ts';
import { createCoreClient, type Http2ClientOptions } from '../http2/index.ts';
import { ACCEPTED, gone, refused, retry } from '../outcome.ts';
import type { Transport } from '../transport.ts';
import type { ApnsAuthentication } from './config.ts';
import { createApnsTransport } from './transport.ts';

const MINUTE_MS = 60_000;
const token = (index: number) => createHash('sha256').update(String(index)).digest('hex');
const tokens = (count: number) => Array.from({ length: count }, (_, index) => token(index));
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

interface Changes {
  readonly clock?: () => number;
  readonly client?: Partial<Http2ClientOptions>;
  readonly authentication?: ApnsAuthentication;
}

function transportFor(fake: FakeApns, { clock = Date.now, client, authentication }: Changes = {}): Transport {
  const { p8, keyId, teamId, topic, url, ca } = fake;
  const transport = createApnsTransport(
    {
      authentication: authentication ?? { kind: 'token', p8, keyId, teamId },
      topic,
      environment: 'production',
      url,
      ca,
    },
    { createClient: (options) => createCoreClient({ ...options, ...client }), clock },
  );
  open.push(transport);
  return transport;
}

async function start(options: FakeApnsOptions = {}, changes: Changes = {}) {
  const fake = await startFakeApns(options);
  open.push(fake);
  const transport = transportFor(fake, { ...options, ...changes });
  await transport.open();
  return { fake, transport };
}

describe('what Apple gets', () => {
  it('is for Notify clients exactly what their server always sent, and id and receipt beside it', async () => {
    const { fake, transport } = await start();
    expect(await outcomesOf(transport, sampleBatch([token(1)]))).toEqual([ACCEPTED]);
    expect(fake.received[0]?.text).toBe(
      '{"aps":{"alert":{"title":"T1","subtitle":"S1"},"badge":1,"sound":"default"},"id":42,"receipt":"r1"}',
    );
    expect(fake.received[0]?.headers).toMatchObject({
      'apns-topic': fake.topic,
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-expiration': String(1_790_000_000 + 86_400),
      'apns-collapse-id': '3f2b8c1e-9d4a-4f6b-8a7c-5e1d2c3b4a5f',
      'apns-id': '3f2b8c1e-9d4a-4f6b-8a7c-000000000001',
    });
    expect(fake.complaints).toEqual([]);
  });

  it('is "now or never" with a time to live of 0, and patient for low priority', async () => {
    const { fake, transport } = await start();
    const notification = sampleNotification({ ttlSeconds: 0, priority: 'low' });
    await outcomesOf(transport, sampleBatch([token(1)], notification));
    expect(fake.received[0]?.headers).toMatchObject({ 'apns-expiration': '0', 'apns-priority': '5' });
  });

  it.each([
    ['a key of 80 bytes', 'ü'.repeat(40), 'ü'.repeat(32)],
    ['a character across byte 64', `${'x'.repeat(63)}ü`, 'x'.repeat(63)],
    ['an emoji across byte 64', `${'x'.repeat(61)}🔔`, 'x'.repeat(61)],
    ['a line break, which no header may hold', 'a\r\nb: c', 'a  b: c'],
    ['only spaces', '  ', '3f2b8c1e-9d4a-4f6b-8a7c-5e1d2c3b4a5f'],
  ])('keeps the collapse id within 64 bytes of UTF-8: %s', async (_name, collapseKey, expected) => {
    const { fake, transport } = await start();
    const batch = sampleBatch([token(1)], sampleNotification({ collapseKey }));
    expect(await outcomesOf(transport, batch)).toEqual([ACCEPTED]);
    expect(fake.received[0]?.collapseId).toBe(expected);
  });

  it('has one provider payload per batch: what differs between devices never leaks into the next one', async () => {
    const { fake, transport } = await start();
    const batch = { ...sampleBatch(tokens(3)), badges: [7, -1, 0] };
    await outcomesOf(transport, batch);
    const badges = batch.addresses.map(
      (address) => fake.received.find(({ token }) => token === address)?.payload.aps.badge,
    );
    expect(badges).toEqual([7, undefined, 0]);
  });

  it('never holds an address that would break out of the path', async () => {
    const { fake, transport } = await start();
    const outcomes = await outcomesOf(transport, sampleBatch(['../../admin', token(1), '']));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['refused', 'accepted', 'refused']);
    expect(fake.requests).toBe(1);
  });

  it('goes out with a client certificate instead of a token', async () => {
    const { fake, transport } = await start(
      { byCertificate: true },
      { authentication: { kind: 'certificate', ...selfSignedCertificate() } },
    );
    expect(await outcomesOf(transport, sampleBatch(tokens(50)))).toEqual(Array(50).fill(ACCEPTED));
    expect(fake.received[0]?.headers.authorization).toBeUndefined();
  });
});

describe("Apple's provider token", () => {
  it('JWT shared across the pool: one for all connections, renewed after 50 minutes', async () => {
    let now = Date.now();
    const { fake, transport } = await start({ clock: () => now }, { client: { connections: 4 } });
    await outcomesOf(transport, sampleBatch(tokens(500)));
    expect(fake.connections).toBe(4);
    now += 49 * MINUTE_MS;
    await outcomesOf(transport, sampleBatch([token(1)]));
    expect(fake.tokens.known.size).toBe(1);
    now += 2 * MINUTE_MS;
    await outcomesOf(transport, sampleBatch([token(1)]));
    expect(fake.tokens.known.size).toBe(2);
    expect(fake.complaints).toEqual([]);
  });

  it('expired JWT closes the connection: a new token over new connections, and every push arrives', async () => {
    let ours = Date.now();
    let apple = ours;
    const { fake, transport } = await start({ clock: () => apple }, { clock: () => ours });
    await outcomesOf(transport, sampleBatch([token(0)]));
    const before = fake.connections;
    // Our clock stood still for a while, Apple's did not.
    ours += 30 * MINUTE_MS;
    apple += 70 * MINUTE_MS;
    expect(await outcomesOf(transport, sampleBatch(tokens(300)))).toEqual(Array(300).fill(ACCEPTED));
    expect(fake.complaints[0]).toBe('ExpiredProviderToken');
    expect(fake.connections).toBeGreaterThan(before);
    expect(fake.tokens.known.size).toBe(2);
  });

  it('a clock that is hours off parks the provider and makes no second token', async () => {
    const { fake, transport } = await start(
      { clock: () => Date.now() + 120 * MINUTE_MS },
      { clock: Date.now },
    );
    expect(await outcomesOf(transport, sampleBatch([token(1)]))).toEqual([
      retry('ExpiredProviderToken', null, 'provider'),
    ]);
    expect(fake.requests).toBe(1);
  });

  it('TooManyProviderTokenUpdates waits 20 minutes and keeps the token it has', async () => {
    let now = Date.now();
    const { fake, transport } = await start({ clock: () => now });
    await outcomesOf(transport, sampleBatch([token(1)]));
    now += 45 * MINUTE_MS;
    fake.refuse(() => ({ status: 429, reason: 'TooManyProviderTokenUpdates' }));
    expect(await outcomesOf(transport, sampleBatch([token(1)]))).toEqual([
      retry('TooManyProviderTokenUpdates', 20 * MINUTE_MS, 'provider'),
    ]);
    fake.refuse(() => null);
    now += 10 * MINUTE_MS;
    await outcomesOf(transport, sampleBatch([token(1)]));
    expect(fake.tokens.known.size).toBe(1);
  });
});

describe("Apple's answers", () => {
  const answered = async (refusal: ApnsRefusal) => {
    const { fake, transport } = await start();
    fake.refuse(() => refusal);
    const [outcome] = await outcomesOf(transport, sampleBatch([token(1)]));
    return { fake, outcome };
  };

  it('410 older than registration must not delete: it carries the time since when', async () => {
    const { outcome } = await answered({ status: 410, reason: 'Unregistered', timestamp: 1_700_000_000_000 });
    expect(outcome).toEqual(gone('Unregistered', 1_700_000_000_000));
  });

  it('provider 503 must not unsubscribe', async () => {
    const { outcome } = await answered({ status: 503, reason: 'ServiceUnavailable' });
    expect(outcome).toEqual(retry('ServiceUnavailable'));
  });

  it('HTML error body: the status is all there is', async () => {
    const { outcome } = await answered({ status: 502, reason: '', html: '<html>Bad gateway</html>' });
    expect(outcome).toEqual(retry('status 502'));
  });

  it('Retry-After as date', async () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString();
    const { outcome } = await answered({
      status: 429,
      reason: 'TooManyRequests',
      headers: { 'retry-after': inAMinute },
    });
    if (outcome?.kind !== 'retry') throw new Error(outcome?.kind);
    expect(outcome.scope).toBe('device');
    expect(outcome.afterMs).toBeGreaterThan(50_000);
    expect(outcome.afterMs).toBeLessThanOrEqual(60_000);
  });

  it('413 is rendered shorter once', async () => {
    const { fake, transport } = await start();
    const notification = sampleNotification({ body: 'x'.repeat(3_900) });
    fake.refuse((_token, { body }) =>
      body.length > 3_000 ? { status: 413, reason: 'PayloadTooLarge' } : null,
    );
    expect(await outcomesOf(transport, sampleBatch([token(1)], notification, 'own'))).toEqual([ACCEPTED]);
    fake.refuse(() => ({ status: 413, reason: 'PayloadTooLarge' }));
    const before = fake.requests;
    expect(await outcomesOf(transport, sampleBatch([token(1)], notification, 'own'))).toEqual([
      refused('PayloadTooLarge'),
    ]);
    expect(fake.requests).toBe(before + 2);
  });

  it('Shutdown is tried again over a new connection', async () => {
    const { fake, transport } = await start({}, { client: { connections: 1 } });
    fake.refuse(() => ({ status: 503, reason: 'Shutdown' }));
    expect(await outcomesOf(transport, sampleBatch([token(1)]))).toEqual([retry('Shutdown')]);
    fake.refuse(() => null);
    const before = fake.connections;
    expect(await outcomesOf(transport, sampleBatch([token(1)]))).toEqual([ACCEPTED]);
    expect(fake.connections).toBe(before + 1);
  });
});

describe('a bad device token', () => {
  const bad = { status: 400, reason: 'BadDeviceToken' };

  it('is gone once Apple has taken something of ours: environment and topic are right', async () => {
    const { fake, transport } = await start();
    fake.refuse((address) => (address === token(1) ? bad : null));
    const [, second] = await outcomesOf(transport, sampleBatch([token(0), token(1)]));
    expect(second).toEqual(gone('BadDeviceToken'));
  });

  it('costs no address while Apple has taken nothing', async () => {
    const { fake, transport } = await start();
    fake.refuse(() => bad);
    expect(await outcomesOf(transport, sampleBatch([token(1)]))).toEqual([refused('BadDeviceToken')]);
  });

  it.each([
    [19, 20, 'gone'],
    [20, 100, 'gone'],
    [21, 100, 'refused'],
  ])('%i of %i are %s: above a fifth of a batch no address is lost', async (count, all, kind) => {
    const { fake, transport } = await start();
    await outcomesOf(transport, sampleBatch([token(9_999)]));
    const dead = new Set(tokens(count));
    fake.refuse((address) => (dead.has(address) ? bad : null));
    const outcomes = await outcomesOf(transport, sampleBatch(tokens(all)));
    expect(outcomes.slice(0, count).map((outcome) => outcome.kind)).toEqual(Array(count).fill(kind));
    expect(outcomes.slice(count)).toEqual(Array(all - count).fill(ACCEPTED));
  });

  it('from everybody, while Apple has taken nothing, is our environment or topic: parked, and nobody is lost', async () => {
    const { fake, transport } = await start();
    fake.refuse(() => bad);
    const parked = retry(
      'BadDeviceToken from many devices: check the APNs environment and topic',
      null,
      'provider',
    );
    expect(await outcomesOf(transport, sampleBatch(tokens(20)))).toEqual(Array(20).fill(parked));
  });
});

describe('a connection to Apple', () => {
  it('GOAWAY mid-batch loses and doubles nobody', async () => {
    const { fake, transport } = await start();
    fake.latencyMs = 5;
    const batch = sampleBatch(tokens(2_000));
    const sending = outcomesOf(transport, batch);
    await expect.poll(() => fake.requests).toBeGreaterThan(100);
    fake.goaway();
    expect(await sending).toEqual(Array(2_000).fill(ACCEPTED));
    expect(batch.addresses.filter((address) => fake.accepted.get(address) !== 1)).toEqual([]);
  });

  it('cut mid-batch: what may have arrived is repeated under the same identity, the rest goes on', async () => {
    const { fake, transport } = await start();
    fake.latencyMs = 20;
    const batch = sampleBatch(tokens(1_500));
    const sending = outcomesOf(transport, batch);
    await expect.poll(() => fake.requests).toBeGreaterThan(100);
    fake.cut();
    const outcomes = await sending;
    const unknown = outcomes.filter(({ kind }) => kind !== 'accepted');
    expect(unknown.length).toBeGreaterThan(0);
    for (const outcome of unknown) expect(outcome).toMatchObject({ kind: 'retry', scope: 'device' });
    await outcomesOf(transport, batch);
    expect(batch.addresses.filter((address) => fake.collapseIds.get(address)?.size !== 1)).toEqual([]);
  });

  it('half-open socket: no answer to anything is "later" for these devices', async () => {
    const { fake, transport } = await start({}, { client: { requestTimeoutMs: 300 } });
    fake.stall(true);
    const outcomes = await outcomesOf(transport, sampleBatch(tokens(5)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(5).fill('retry'));
    fake.stall(false);
    await expect
      .poll(async () => (await outcomesOf(transport, sampleBatch([token(1)])))[0]?.kind)
      .toBe('accepted');
  });

  it('obeys a limit of one stream', async () => {
    const { fake, transport } = await start({}, { client: { connections: 1 } });
    await outcomesOf(transport, sampleBatch([token(1)]));
    fake.setMaxStreams(1);
    expect(await outcomesOf(transport, sampleBatch(tokens(100)))).toEqual(Array(100).fill(ACCEPTED));
  });

  it('that cannot be opened parks the provider and says why', async () => {
    const { fake, transport } = await start({}, { client: { connectTimeoutMs: 300 } });
    await fake.down();
    // The first may still go out on a connection that does not know yet that it was cut.
    await expect
      .poll(async () => (await outcomesOf(transport, sampleBatch([token(1)])))[0])
      .toMatchObject({
        kind: 'retry',
        scope: 'provider',
        reason: expect.stringContaining('ECONNREFUSED'),
      });
  });
});
