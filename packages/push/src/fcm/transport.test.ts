import { afterEach, describe, expect, it } from 'vitest';
import { outcomesOf, sampleBatch, sampleNotification } from '../../testing/batch.ts';
import { type FakeFcm, type FcmRefusal, startFakeFcm } from '../../testing/fcm/index.ts';
import { createCoreClient, type Http2ClientOptions } from '../http2/index.ts';
import { ACCEPTED, gone, refused, retry } from '../outcome.ts';
import type { Transport } from '../transport.ts';
import { createFcmTransport } from './transport.ts';

const MINUTE_MS = 60_000;
const token = (index: number) => `cWxY_${index}:APA91b${'x'.repeat(120)}`;
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

interface Changes {
  readonly clock?: () => number;
  readonly client?: Partial<Http2ClientOptions>;
  readonly projectId?: string;
}

function transportFor(fake: FakeFcm, { clock = Date.now, client, projectId }: Changes = {}): Transport {
  const account = { ...fake.serviceAccount, ...(projectId && { project_id: projectId }) };
  const transport = createFcmTransport(
    { account, url: fake.url, ca: fake.ca },
    { createClient: (options) => createCoreClient({ ...options, ...client }), clock },
  );
  open.push(transport);
  return transport;
}

async function start(changes: Changes = {}) {
  const fake = await startFakeFcm({ clock: changes.clock ?? Date.now });
  open.push(fake);
  const transport = transportFor(fake, changes);
  await transport.open();
  return { fake, transport };
}

describe('what Google gets', () => {
  it('is for Notify clients data only, all strings, under the keys they read', async () => {
    const { fake, transport } = await start();
    await outcomesOf(transport, sampleBatch([token(1)]));
    expect(fake.received).toEqual([
      {
        token: token(1),
        data: {
          title: 'T1',
          body: 'S1',
          url: 'https://example.org/log/1',
          id: '42',
          tag: '3f2b8c1e-9d4a-4f6b-8a7c-5e1d2c3b4a5f',
          receipt: 'r1',
        },
        android: { priority: 'high', ttl: '86400s' },
        requestId: '3f2b8c1e-9d4a-4f6b-8a7c-000000000001',
      },
    ]);
    expect(fake.complaints).toEqual([]);
  });

  it("hands back Google's name of the message", async () => {
    const { fake, transport } = await start();
    const names: (string | undefined)[] = [];
    await transport.send(sampleBatch([token(1)]), (_index, _outcome, name) => names.push(name));
    expect(names).toEqual([`projects/${fake.projectId}/messages/1`]);
  });

  it('carries a collapse key only when the publisher chose one', async () => {
    const { fake, transport } = await start();
    await outcomesOf(transport, sampleBatch([token(1)], sampleNotification({ collapseKey: 'door' })));
    expect(fake.received[0]).toMatchObject({ android: { collapse_key: 'door' }, data: { tag: 'door' } });
  });

  it('never holds an address that would break out of the JSON', async () => {
    const { fake, transport } = await start();
    const outcomes = await outcomesOf(transport, sampleBatch(['x","topic":"all', token(1), '']));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['refused', 'accepted', 'refused']);
    expect(fake.requests).toBe(1);
  });
});

describe('an access token', () => {
  it('is fetched once for all who wait, and renewed before it ends', async () => {
    let now = Date.now();
    const { fake, transport } = await start({ clock: () => now });
    const batches = [1, 2, 3].map((index) => outcomesOf(transport, sampleBatch([token(index)])));
    await Promise.all(batches);
    expect(fake.tokensGiven).toBe(1);
    now += 56 * MINUTE_MS;
    await outcomesOf(transport, sampleBatch([token(1)]));
    expect(fake.tokensGiven).toBe(2);
    expect([...fake.complaints, ...fake.badAssertions]).toEqual([]);
  });

  it('of a few seconds is used for half of them', async () => {
    let now = Date.now();
    const fake = await startFakeFcm({ clock: () => now });
    fake.tokenLifeSeconds = 10;
    open.push(fake);
    const transport = transportFor(fake, { clock: () => now });
    for (const wait of [0, 4_000, 2_000]) {
      now += wait;
      await outcomesOf(transport, sampleBatch([token(1)]));
    }
    expect(fake.tokensGiven).toBe(2);
  });

  it('that Google forgot parks the provider and is fetched anew, once', async () => {
    const { fake, transport } = await start();
    await outcomesOf(transport, sampleBatch([token(1)]));
    fake.forgetTokens();
    expect(await outcomesOf(transport, sampleBatch([token(1), token(2)]))).toEqual(
      Array(2).fill(retry('UNAUTHENTICATED', null, 'provider')),
    );
    expect(await outcomesOf(transport, sampleBatch([token(1)]))).toEqual([ACCEPTED]);
    expect(fake.tokensGiven).toBe(2);
  });

  it('that Google does not give parks the provider, and nothing is lost', async () => {
    const fake = await startFakeFcm();
    open.push(fake);
    fake.tokenStatus = 500;
    const transport = transportFor(fake);
    await transport.open();
    expect(await outcomesOf(transport, sampleBatch([token(1)]))).toEqual([
      retry('Google gave no access token: temporarily_unavailable', null, 'provider'),
    ]);
    expect(fake.requests).toBe(0);
    fake.tokenStatus = 200;
    expect(await outcomesOf(transport, sampleBatch([token(1)]))).toEqual([ACCEPTED]);
  });
});

describe("Google's answers", () => {
  const answered = async (refusal: FcmRefusal) => {
    const { fake, transport } = await start();
    fake.refuse(() => refusal);
    const [outcome] = await outcomesOf(transport, sampleBatch([token(1)]));
    return outcome;
  };

  it('provider 503 must not unsubscribe', async () => {
    const refusal = { status: 503, errorCode: 'UNAVAILABLE', word: 'UNAVAILABLE' };
    expect(await answered(refusal)).toEqual(retry('UNAVAILABLE', 10_000));
  });

  it('404 without FcmError must not delete: the project is wrong, not the token', async () => {
    const { fake } = await start();
    const transport = transportFor(fake, { projectId: 'another-project' });
    expect(await outcomesOf(transport, sampleBatch([token(1)]))).toEqual([
      retry('status 404', null, 'provider'),
    ]);
  });

  const stranger = { status: 403, errorCode: 'SENDER_ID_MISMATCH', word: 'PERMISSION_DENIED' };

  it("SENDER_ID_MISMATCH from everybody is another project's service account: parked, and nobody is lost", async () => {
    const { fake, transport } = await start();
    fake.refuse(() => stranger);
    expect(await outcomesOf(transport, sampleBatch(Array.from({ length: 20 }, (_, n) => token(n))))).toEqual(
      Array(20).fill(
        retry('SENDER_ID_MISMATCH from many devices: check the service account', null, 'provider'),
      ),
    );
  });

  it('SENDER_ID_MISMATCH of one device removes it once Google has taken something of ours', async () => {
    const { fake, transport } = await start();
    fake.refuse((address) => (address === token(1) ? stranger : null));
    expect(await outcomesOf(transport, sampleBatch([token(1)]))).toEqual([refused('SENDER_ID_MISMATCH')]);
    expect(await outcomesOf(transport, sampleBatch([token(2), token(1)]))).toEqual([
      ACCEPTED,
      gone('SENDER_ID_MISMATCH'),
    ]);
  });

  it.each([502, 504])('HTML error body with %i', async (status) => {
    const outcome = await answered({ status, html: '<!DOCTYPE html><title>Error</title>' });
    expect(outcome).toEqual(retry(`status ${status}`, 10_000));
  });

  it('Retry-After in seconds', async () => {
    const refusal = { status: 429, errorCode: 'QUOTA_EXCEEDED', headers: { 'retry-after': '17' } };
    expect(await answered(refusal)).toEqual(retry('QUOTA_EXCEEDED', 17_000));
  });

  it('Retry-After as date', async () => {
    const inAMinute = new Date(Date.now() + MINUTE_MS).toUTCString();
    const outcome = await answered({ status: 503, headers: { 'retry-after': inAMinute } });
    if (outcome?.kind !== 'retry') throw new Error(outcome?.kind);
    expect(outcome.afterMs).toBeGreaterThan(50_000);
    expect(outcome.afterMs).toBeLessThanOrEqual(MINUTE_MS);
  });
});

describe('a connection to Google', () => {
  it('GOAWAY mid-batch loses and doubles nobody', async () => {
    const { fake, transport } = await start();
    fake.latencyMs = 5;
    const batch = sampleBatch(Array.from({ length: 1_500 }, (_, index) => token(index)));
    const sending = outcomesOf(transport, batch);
    await expect.poll(() => fake.requests).toBeGreaterThan(100);
    fake.goaway();
    expect(await sending).toEqual(Array(1_500).fill(ACCEPTED));
    expect(batch.addresses.filter((address) => fake.accepted.get(address) !== 1)).toEqual([]);
  });

  it('half-open socket: no answer to anything is "later" for these devices', async () => {
    const { fake, transport } = await start({ client: { requestTimeoutMs: 300 } });
    fake.stall(true);
    const outcomes = await outcomesOf(transport, sampleBatch([token(1), token(2)]));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'retry']);
  });

  it('that cannot be opened parks the provider and says why', async () => {
    const { fake, transport } = await start({ client: { connectTimeoutMs: 300 } });
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
