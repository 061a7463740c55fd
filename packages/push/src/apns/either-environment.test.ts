import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeApns, startFakeApns } from '../../testing/apns/index.ts';
import { outcomesOf, sampleBatch } from '../../testing/batch.ts';
import { createCoreClient } from '../http2/index.ts';
import { ACCEPTED, gone, refused, retry } from '../outcome.ts';
import type { Batch } from '../transport.ts';
import { eitherEnvironment } from './either-environment.ts';
import { createApnsTransports } from './transport.ts';

const token = (index: number) => createHash('sha256').update(String(index)).digest('hex');
const tokens = (count: number, from = 0) => Array.from({ length: count }, (_, index) => token(from + index));
const bad = { status: 400, reason: 'BadDeviceToken' };
const refusedAsBad = refused('BadDeviceToken');
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

/** Apple's two hosts, each of which knows its own tokens only. */
async function start(productionTokens: readonly string[], sandboxTokens: readonly string[]) {
  const production = await startFakeApns();
  const sandbox = await startFakeApns({ signer: production });
  const knows = (fake: FakeApns, known: readonly string[]) => {
    fake.refuse((address) => (known.includes(address) ? null : bad));
  };
  knows(production, productionTokens);
  knows(sandbox, sandboxTokens);
  const { p8, keyId, teamId, topic, ca } = production;
  const transports = createApnsTransports(
    {
      authentication: { kind: 'token', p8, keyId, teamId },
      topic,
      primary: 'production',
      urls: { production: production.url, sandbox: sandbox.url },
      ca,
    },
    {
      createClient: (options) => createCoreClient({ ...options, connectTimeoutMs: 500 }),
      clock: Date.now,
    },
  );
  const learnt: number[] = [];
  const either = eitherEnvironment(transports.production, transports.sandbox, (ids) => learnt.push(...ids));
  open.push(production, sandbox, transports.production, transports.sandbox);
  await Promise.all([transports.production.open(), transports.sandbox.open()]);
  return { production, sandbox, transports, either, learnt };
}

const unknown = (addresses: readonly string[]): Batch => ({ ...sampleBatch(addresses), environment: '' });

describe('a device that does not say its environment', () => {
  it('is found in the other one, once, and its environment is learnt; nobody is sent to twice', async () => {
    const { production, sandbox, either, learnt } = await start(tokens(3), tokens(2, 10));
    const batch = unknown([...tokens(3), ...tokens(2, 10)]);
    expect(await outcomesOf(either, batch)).toEqual(Array(5).fill(ACCEPTED));
    expect(learnt).toEqual([4, 5]);
    expect([...production.accepted.values(), ...sandbox.accepted.values()]).toEqual([1, 1, 1, 1, 1]);
    expect(sandbox.received.map(({ payload }) => payload.aps.badge)).toEqual([4, 5]);
  });

  it('is kept when both call its token bad, however sure we are of our set-up', async () => {
    const { production, either, learnt } = await start([token(0)], []);
    expect(await outcomesOf(either, unknown(tokens(2)))).toEqual([ACCEPTED, refusedAsBad]);
    expect(await outcomesOf(either, unknown([token(1)]))).toEqual([refusedAsBad]);
    expect(learnt).toEqual([]);
    expect(production.requests).toBe(3);
  });

  it('parks nobody, however many are of the other environment', async () => {
    const { either } = await start([], tokens(50));
    expect(await outcomesOf(either, unknown(tokens(50)))).toEqual(Array(50).fill(ACCEPTED));
  });

  it('is not tried again and again when the other environment is away', async () => {
    const { sandbox, either } = await start([token(0)], []);
    await sandbox.down();
    expect(await outcomesOf(either, unknown(tokens(2)))).toEqual([ACCEPTED, refusedAsBad]);
  });

  it('is gone when the environment it was found in says since when', async () => {
    const { sandbox, either } = await start([], []);
    sandbox.refuse(() => ({ status: 410, reason: 'Unregistered', timestamp: 1_790_000_000_000 }));
    expect(await outcomesOf(either, unknown([token(1)]))).toEqual([gone('Unregistered', 1_790_000_000_000)]);
  });
});

describe('a device that says its environment', () => {
  it('of the sandbox is never asked about in production', async () => {
    const { production, transports } = await start(tokens(1), tokens(3, 10));
    const batch = { ...sampleBatch(tokens(3, 10)), environment: 'sandbox' };
    expect(await outcomesOf(transports.sandbox, batch)).toEqual(Array(3).fill(ACCEPTED));
    expect(production.requests).toBe(0);
  });

  it('is gone when its own environment calls its token bad, once that has taken something of ours', async () => {
    const { transports } = await start([], [token(0)]);
    const batch = { ...sampleBatch([token(0), token(1)]), environment: 'sandbox' };
    expect(await outcomesOf(transports.sandbox, batch)).toEqual([ACCEPTED, gone('BadDeviceToken')]);
  });
});

describe('both environments', () => {
  it('are shown one provider token', async () => {
    const { production, sandbox, either } = await start([token(0)], [token(1)]);
    await outcomesOf(either, unknown(tokens(2)));
    expect([...production.tokens.known.keys()]).toEqual([...sandbox.tokens.known.keys()]);
  });

  it('fail one by one: a key that is only for production parks the sandbox', async () => {
    const { sandbox, transports } = await start(tokens(1), []);
    sandbox.refuse(() => ({ status: 403, reason: 'BadEnvironmentKeyIdInToken' }));
    expect(await outcomesOf(transports.sandbox, sampleBatch(tokens(1)))).toEqual([
      retry('BadEnvironmentKeyIdInToken', null, 'provider'),
    ]);
    expect(await outcomesOf(transports.production, sampleBatch(tokens(1)))).toEqual([ACCEPTED]);
  });
});
