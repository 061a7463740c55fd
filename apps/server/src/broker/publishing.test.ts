import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { service } from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { type Acceptance, type Draft, type Ingest, IngestBusy } from '../ingest/draft.ts';
import { createIngest } from '../ingest/ingest.ts';
import { connect, eventually, type StartedBroker, startBroker } from './testing/harness.ts';

const run = promisify(execFile);

/** Holds every draft until it is told what became of it. */
function gate(): Ingest & {
  drafts: Draft[];
  answerNewest(): void;
  answer(acceptance?: Acceptance): void;
  fail(error: Error): void;
} {
  const drafts: Draft[] = [];
  const waiting: { resolve(acceptance: Acceptance): void; reject(error: Error): void }[] = [];
  const accepted = { kind: 'accepted', id: 1, uuid: '', createdAt: new Date(), replayed: false } as const;
  return {
    drafts,
    accept: (draft) =>
      new Promise((resolve, reject) => {
        drafts.push(draft);
        waiting.push({ resolve, reject });
      }),
    answerNewest: () => waiting.pop()?.resolve(accepted),
    answer: (acceptance = accepted) => waiting.shift()?.resolve(acceptance),
    fail: (error) => waiting.shift()?.reject(error),
  };
}

describe('publishing to a service', () => {
  let test: TestDatabase;
  let started: StartedBroker;
  let serviceId: string;
  let topic: string;

  beforeAll(async () => {
    test = await testDatabase();
  });
  afterAll(() => test.drop());
  beforeEach(async () => {
    started = await startBroker(test.database);
    serviceId = await service(test.database);
    topic = `tocsin/services/${serviceId}/notifications`;
  });
  afterEach(() => started.stop());

  const restart = async (ingest: Ingest) => {
    await started.stop();
    started = await startBroker(test.database, { ingest });
  };
  const stored = () =>
    test.database.query<{ title: string; body: string; priority: number }>(
      'select title, body, priority from notification where service_id = $1 order by id',
      [serviceId],
    );
  const isClosed = async (client: Awaited<ReturnType<typeof connect>>) =>
    new Promise<void>((resolve) => (client.connected ? client.once('close', () => resolve()) : resolve()));

  it.each(['url', 'webSocketUrl'] as const)('takes the fields of the API as JSON (%s)', async (door) => {
    const client = await connect(started[door]);
    await client.publishAsync(
      topic,
      JSON.stringify({ title: 'Fire', body: 'Hall 3', priority: 'critical' }),
      { qos: 1 },
    );
    expect(await stored()).toEqual([{ title: 'Fire', body: 'Hall 3', priority: 3 }]);
    await client.endAsync();
  });

  it.each([0, 1, 2] as const)('takes plain text as the title at QoS %i', async (qos) => {
    const client = await connect(started.url);
    await client.publishAsync(topic, ' Wäsche fertig \n', { qos });
    await eventually(async () => (await stored()).length === 1);
    expect(await stored()).toMatchObject([{ title: 'Wäsche fertig', body: '' }]);
    await client.endAsync();
  });

  it('takes it from mosquitto_pub, twice the same when it is sent twice', async () => {
    const given = ['-p', String(started.port), '-i', 'cron', '-q', '1', '-t', topic, '-m', 'backup done'];
    await run('mosquitto_pub', given);
    await run('mosquitto_pub', given);
    expect((await stored()).map(({ title }) => title)).toEqual(['backup done', 'backup done']);
  });

  it('sends the PUBACK only when ingest has promised durability', async () => {
    const ingest = gate();
    await restart(ingest);
    const client = await connect(started.url);
    let isAcknowledged = false;
    const publishing = client.publishAsync(topic, 'now', { qos: 1 }).then(() => {
      isAcknowledged = true;
    });
    await eventually(() => ingest.drafts.length === 1);
    // A full round trip through the broker: a PUBACK sent early would have arrived before this SUBACK.
    await client.subscribeAsync('tocsin/round/trip').catch(() => undefined);
    expect(isAcknowledged).toBe(false);
    ingest.answer();
    await publishing;
    await client.endAsync();
  });

  it('acknowledges in the order of the messages, though they are stored together', async () => {
    const ingest = gate();
    await restart(ingest);
    const client = await connect(started.url);
    const acknowledged: string[] = [];
    const publish = (text: string) =>
      client.publishAsync(topic, text, { qos: 1 }).then(() => acknowledged.push(text));
    const all = [publish('a'), publish('b'), publish('c')];
    await eventually(() => ingest.drafts.length === 3);
    expect(ingest.drafts.map(({ title }) => title)).toEqual(['a', 'b', 'c']);
    for (let i = 0; i < 3; i++) ingest.answerNewest();
    await Promise.all(all);
    expect(acknowledged).toEqual(['a', 'b', 'c']);
    await client.endAsync();
  });

  it('does not double a message whose PUBACK was lost, also when the broker was killed in between', async () => {
    const real = createIngest({ database: test.database, clock: Date.now, onAccepted: () => undefined });
    let isAccepted = false;
    const silent = await startBroker(test.database, {
      ingest: {
        accept: async (draft) => {
          await real.accept(draft);
          isAccepted = true;
          return new Promise(() => undefined);
        },
      },
    });
    let { url } = silent;
    const client = await connect(url, { clientId: 'sensor', reconnectPeriod: 50, transformWsUrl: () => url });
    const publishing = client.publishAsync(topic, 'only once', { qos: 1 });
    await eventually(() => isAccepted);
    url = started.url;
    client.options.port = started.port;
    client.stream.destroy();
    await publishing;
    expect((await stored()).map(({ title }) => title)).toEqual(['only once']);
    await client.endAsync();
    await silent.stop();
  });

  it('takes the same words again as a new message on the same connection', async () => {
    const client = await connect(started.url);
    for (let i = 0; i < 3; i++) await client.publishAsync(topic, 'ding', { qos: 1 });
    expect(await stored()).toHaveLength(3);
    await client.endAsync();
  });

  it('takes an unmarked repeat for a new message when the first is long ago', async () => {
    let now = Date.now();
    await started.stop();
    started = await startBroker(test.database, { clock: () => now });
    for (const later of [0, 60_000, 600_000]) {
      now += later;
      const client = await connect(started.url, { clientId: 'fixed', messageIdProvider: firstId() });
      await client.publishAsync(topic, 'ding', { qos: 1 });
      client.stream.destroy();
    }
    expect(await stored()).toHaveLength(2);
  });

  it.each([
    ['an unknown service', () => 'tocsin/services/00000000-0000-4000-8000-000000000000/notifications', 'x'],
    ['broken JSON', () => topic, '{"title":'],
    ['a field that breaks its rule', () => topic, JSON.stringify({ title: 'x', priority: 'very' })],
    ['no title', () => topic, '{}'],
    ['nothing', () => topic, ''],
    ['bytes that are no text', () => topic, Buffer.from([0xff, 0xfe, 0x00])],
    ['a NUL', () => topic, 'a\0b'],
  ])('closes the connection for %s', async (_what, to, payload) => {
    const client = await connect(started.url);
    client.publish(to(), payload, { qos: 1 });
    await isClosed(client);
    expect(await stored()).toEqual([]);
    expect(started.logged.map(({ message }) => message)).toContain('MQTT publish refused');
  });

  it('sends no PUBACK while ingest is busy: the client sends again', async () => {
    const ingest = gate();
    await restart(ingest);
    const client = await connect(started.url, { reconnectPeriod: 50 });
    const publishing = client.publishAsync(topic, 'patience', { qos: 1 });
    await eventually(() => ingest.drafts.length === 1);
    ingest.fail(new IngestBusy('full'));
    await eventually(() => ingest.drafts.length === 2);
    ingest.answer();
    await publishing;
    await client.endAsync();
  });

  it('stops reading from a client that publishes on and on while nothing can be stored', async () => {
    const ingest = gate();
    await restart(ingest);
    const client = await connect(started.url);
    const text = 'x'.repeat(1_000);
    for (let i = 0; i < 10_000; i++) client.publish(topic, text, { qos: 0 });
    await eventually(() => ingest.drafts.length > 0);
    const other = await connect(started.url);
    await other.subscribeAsync('tocsin/round/trip').catch(() => undefined);
    expect(ingest.drafts.length).toBeLessThan(1_000);
    await other.endAsync();
    await client.endAsync(true);
  });

  it('ignores retained messages: state that is replayed must not ring', async () => {
    const client = await connect(started.url);
    await client.publishAsync(topic, 'old state', { qos: 1, retain: true });
    expect(await stored()).toEqual([]);
    expect(started.logged.map(({ message }) => message)).toContain('retained MQTT message ignored');
    await client.endAsync();
  });

  it('publishes the last will of a publisher that vanished, and none when the broker stops', async () => {
    const will = { topic, payload: Buffer.from('pump 4 is gone'), qos: 1 as const, retain: false };
    const vanishing = await connect(started.url, { will });
    vanishing.stream.destroy();
    await eventually(async () => (await stored()).length === 1);
    await connect(started.url, { will });
    await started.stop();
    started = await startBroker(test.database);
    expect((await stored()).map(({ title }) => title)).toEqual(['pump 4 is gone']);
  });
});

/** Numbers like a program that starts anew each time. */
function firstId() {
  let last = 0;
  return {
    allocate: () => ++last,
    getLastAllocated: () => last,
    register: () => true,
    deallocate: () => undefined,
    clear: () => undefined,
  };
}
