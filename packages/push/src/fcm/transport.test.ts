import { afterEach, describe, expect, it } from 'vitest';
import { outcomesOf, sampleBatch, sampleNotification } from '../../testing/batch.ts';
import { type FakeFcm, type FcmRefusal, startFakeFcm } from '../../testing/fcm/index.ts';
import { createCoreClient, createNodeClient } from '../http2/index.ts';
import type { Outcome } from '../outcome.ts';
import { runTransportContract } from '../transport.contract.ts';
import type { Transport } from '../transport.ts';
import { createFcmTransport } from './transport.ts';

const token = (index: number) => `cWxY_${index}:APA91b${'x'.repeat(120)}`;
const open: { fake: FakeFcm; transport: Transport }[] = [];

const transportFor = (fake: FakeFcm, createClient = createCoreClient) =>
  createFcmTransport(
    { account: fake.serviceAccount, url: fake.url, ca: fake.ca },
    { createClient, clock: Date.now },
  );

async function start() {
  const fake = await startFakeFcm();
  const transport = transportFor(fake);
  open.push({ fake, transport });
  await transport.open();
  return { fake, transport };
}

afterEach(async () => {
  for (const { fake, transport } of open.splice(0)) {
    await transport.close();
    await fake.close();
  }
});

for (const [name, createClient] of [
  ['our HTTP/2', createCoreClient],
  ['node:http2', createNodeClient],
] as const) {
  runTransportContract({
    name: `FCM over ${name}`,
    address: token,
    async start() {
      const fake = await startFakeFcm({ record: false });
      const answers = new Map<string, FcmRefusal>();
      fake.refuse((address) => answers.get(address) ?? null);
      const refusals = {
        gone: { status: 404, errorCode: 'UNREGISTERED', word: 'NOT_FOUND' },
        refused: {
          status: 400,
          errorCode: 'INVALID_ARGUMENT',
          word: 'INVALID_ARGUMENT',
          fields: ['message.data'],
        },
        retry: { status: 503, errorCode: 'UNAVAILABLE' },
      };
      return {
        transport: transportFor(fake, createClient),
        accepted: (address) => fake.accepted.get(address) ?? 0,
        identities: (address) => [...(fake.tags.get(address) ?? [])],
        answer: (address, kind) => answers.set(address, refusals[kind]),
        down: () => fake.down(),
        up: () => fake.up(),
        stop: () => fake.close(),
      };
    },
  });
}

describe('what Google gets', () => {
  it('is data only, all strings, with what Notify clients read', async () => {
    const { fake, transport } = await start();
    await outcomesOf(transport, sampleBatch([token(1)]));
    const [message] = fake.received;
    expect(message?.data).toMatchObject({
      title: 'T1',
      body: 'S1',
      url: 'https://example.org/log/1',
      id: '42',
      receipt: 'r1',
    });
    expect(message?.android).toEqual({ priority: 'high', ttl: '86400s' });
    expect(fake.complaints).toEqual([]);
  });

  it('fits into 4096 bytes whatever is written', async () => {
    const { fake, transport } = await start();
    const notification = sampleNotification({
      title: '🔔'.repeat(500),
      subtitle: '"'.repeat(3_000),
      body: '漢'.repeat(9_000),
    });
    expect(await outcomesOf(transport, sampleBatch([token(1)], notification, 'own'))).toEqual([
      { kind: 'accepted' },
    ]);
    expect(fake.complaints).toEqual([]);
  });

  it('uses one access token for all, and fetches another when Google forgot it', async () => {
    const { fake, transport } = await start();
    await outcomesOf(transport, sampleBatch([1, 2, 3].map(token)));
    expect(fake.tokensGiven).toBe(1);
    fake.forgetTokens();
    expect((await outcomesOf(transport, sampleBatch([token(1)])))[0]).toMatchObject({
      kind: 'retry',
      scope: 'provider',
    });
    expect((await outcomesOf(transport, sampleBatch([token(1)])))[0]?.kind).toBe('accepted');
    expect(fake.tokensGiven).toBe(2);
  });
});

describe("Google's answers", () => {
  const cases: [string, FcmRefusal, Partial<Outcome>][] = [
    [
      '404 without FcmError must not delete',
      { status: 404, word: 'NOT_FOUND' },
      { kind: 'retry', scope: 'provider' },
    ],
    [
      'provider 503 must not unsubscribe',
      { status: 503, errorCode: 'UNAVAILABLE' },
      { kind: 'retry', afterMs: 10_000 },
    ],
    ['HTML error body', { status: 502, html: '<html>Bad gateway</html>' }, { kind: 'retry' }],
    [
      '429 with Retry-After in seconds',
      { status: 429, errorCode: 'QUOTA_EXCEEDED', headers: { 'retry-after': '17' } },
      { kind: 'retry', afterMs: 17_000, scope: 'provider' },
    ],
    [
      '429 without Retry-After waits a minute',
      { status: 429, errorCode: 'QUOTA_EXCEEDED' },
      { kind: 'retry', afterMs: 60_000 },
    ],
    [
      '403 of another project belongs to nobody here',
      { status: 403, errorCode: 'SENDER_ID_MISMATCH' },
      { kind: 'gone' },
    ],
    [
      '403 without FcmError parks',
      { status: 403, word: 'PERMISSION_DENIED' },
      { kind: 'retry', scope: 'provider' },
    ],
    [
      '400 about the token is a dead token',
      { status: 400, errorCode: 'INVALID_ARGUMENT', fields: ['message.token'] },
      { kind: 'gone' },
    ],
    [
      '400 about anything else is ours',
      { status: 400, errorCode: 'INVALID_ARGUMENT', fields: ['message.data'] },
      { kind: 'refused' },
    ],
  ];
  it.each(cases)('%s', async (_name, refusal, expected) => {
    const { fake, transport } = await start();
    fake.refuse(() => refusal);
    expect((await outcomesOf(transport, sampleBatch([token(1)])))[0]).toMatchObject(expected);
  });

  it('Retry-After as date', async () => {
    const { fake, transport } = await start();
    fake.refuse(() => ({
      status: 503,
      errorCode: 'UNAVAILABLE',
      headers: { 'retry-after': new Date(Date.now() + 90_000).toUTCString() },
    }));
    const [outcome] = await outcomesOf(transport, sampleBatch([token(1)]));
    if (outcome?.kind !== 'retry') throw new Error(outcome?.kind);
    expect(outcome.afterMs).toBeGreaterThan(80_000);
    expect(outcome.afterMs).toBeLessThanOrEqual(90_000);
  });

  it('no access token: everything waits, nothing is lost', async () => {
    const fake = await startFakeFcm();
    fake.tokenStatus = 500;
    const transport = transportFor(fake);
    open.push({ fake, transport });
    await transport.open();
    expect((await outcomesOf(transport, sampleBatch([token(1)])))[0]).toMatchObject({
      kind: 'retry',
      scope: 'provider',
    });
    fake.tokenStatus = 200;
    expect((await outcomesOf(transport, sampleBatch([token(1)])))[0]?.kind).toBe('accepted');
  });
});
