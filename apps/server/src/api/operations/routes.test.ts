import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { openStream } from '../../../test/event-stream.ts';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { EVENTS } from '../../receipts/states.ts';
import { appendEvents, emptyEventRows } from '../../store/delivery-event.ts';

const PARKED = { provider: 'apns', reason: 'ExpiredProviderToken', parkedUntil: Date.UTC(2030, 0, 1) };

let server: V3Server;
let admin: Person;
let brokerFault: string | null = null;
let parkings: (typeof PARKED)[] = [];
beforeAll(async () => {
  server = await startV3Server({
    api: { parkings: async () => parkings },
    operations: { brokerFault: () => brokerFault, parkings: async () => parkings },
  });
  admin = await server.signedIn('admin', true);
});
afterAll(() => server.stop());
beforeEach(() => {
  brokerFault = null;
  parkings = [];
});

describe('/-/health', () => {
  it('is OK as long as the process answers', async () => {
    const answer = await server.request('GET', '/-/health');
    expect([answer.status, answer.text]).toEqual([200, 'OK']);
    expect((await server.request('HEAD', '/-/health')).status).toBe(200);
  });
});

describe('/-/ready', () => {
  const ready = () => server.request('GET', '/-/ready');

  it('is 200 when this node can do its work', async () => {
    const answer = await ready();
    expect([answer.status, answer.json]).toEqual([
      200,
      { status: 'ready', database: 'ok', broker: 'ok', providers: [] },
    ]);
  });

  it('is 503 and names the broker when that does not work', async () => {
    brokerFault = 'the port is taken';
    const answer = await ready();
    expect([answer.status, answer.json]).toMatchObject([
      503,
      { status: 'not-ready', broker: 'the port is taken' },
    ]);
  });

  it('a parked provider is told and no reason to take the node out', async () => {
    parkings = [PARKED];
    const answer = await ready();
    expect([answer.status, answer.json]).toMatchObject([
      200,
      {
        providers: [
          { provider: 'apns', state: 'parked', reason: PARKED.reason, until: '2030-01-01T00:00:00.000Z' },
        ],
      },
    ]);
  });
});

describe('/metrics', () => {
  it('is what Prometheus reads', async () => {
    const answer = await server.request('GET', '/metrics');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(answer.text).toMatch(/^# HELP tocsin_notifications_accepted_total /m);
    expect(answer.text).toMatch(/^process_resident_memory_bytes \d+/m);
    for (const line of answer.text.split('\n').filter(Boolean))
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{[^}]*\})? (?:[-+]?[\d.e+-]+|NaN|[+-]Inf))$/);
  });
});

describe('/api/v3/stats', () => {
  const stats = async (query = '') =>
    (await server.call('GET', `/stats${query}`, { token: admin.token })).json;

  it('counts events within the window, the queue, parked providers and listeners', async () => {
    parkings = [PARKED];
    const user = await build.user(server.database);
    const log = async (event: keyof typeof EVENTS, agoMs: number) => {
      const rows = emptyEventRows();
      rows.notificationIds.push(1);
      rows.deviceIds.push(1);
      rows.userIds.push(user);
      rows.events.push(EVENTS[event]);
      rows.reasons.push(null);
      rows.providerIds.push(null);
      await appendEvents(server.database, 'node', new Date(server.clock.now() - agoMs), rows);
    };
    await log('accepted', 0);
    await log('accepted', 30_000);
    await log('opened', 120_000);
    const json = { title: 'T', userIds: [user] };
    await server.call('POST', '/notifications', { token: admin.token, json });
    server.clock.advance(5_000);
    const stream = await openStream(server.origin, admin.token);
    expect(await stats('?windowSeconds=60')).toEqual({
      windowSeconds: 60,
      events: { accepted: 2 },
      queue: { chunks: 1, retries: 0, oldestWaitMs: 5_000 },
      parkedProviders: [{ provider: 'apns', reason: PARKED.reason, until: '2030-01-01T00:00:00.000Z' }],
      liveListeners: 1,
    });
    expect(await stats()).toMatchObject({ windowSeconds: 3_600, events: { accepted: 2, opened: 1 } });
    stream.stop();
  });

  it.each(['0', '86401', '1e3', '', 'x'])('refuses a window of %j seconds', async (window) => {
    expect(await stats(`?windowSeconds=${window}`)).toMatchObject({
      status: 422,
      field: 'query.windowSeconds',
    });
  });

  it('is for administrators', async () => {
    const { token } = await server.signedIn('somebody');
    expect((await server.call('GET', '/stats', { token })).json).toMatchObject({ code: 'not-allowed' });
  });
});

it.each(['/-/health', '/-/ready', '/metrics', '/docs/errors'])('POST %s is 405 with Allow', async (path) => {
  const answer = await server.request('POST', path);
  expect(answer.json).toMatchObject({ status: 405, code: 'method-not-allowed' });
  expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
});
