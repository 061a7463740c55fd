import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { EVENTS } from '../../receipts/states.ts';
import { appendEvents, emptyEventRows } from '../../store/delivery-event.ts';

interface Accepted {
  readonly id: number;
  readonly uuid: string;
  readonly createdAt: string;
}

let server: V3Server;
let admin: Person;
beforeAll(async () => {
  server = await startV3Server();
  admin = await server.signedIn('admin', true);
});
afterAll(() => server.stop());

let service: string;
let user: Person;
let turn = 0;
beforeEach(async () => {
  service = await build.service(server.database);
  user = await server.signedIn(`user${++turn}`);
  await build.subscribe(server.database, service, user.id);
});

const publish = (json: object, headers: Record<string, string> = {}, id = service) =>
  server.call('POST', `/services/${id}/notifications`, { json, headers });
const address = (json: object, headers: Record<string, string> = {}) =>
  server.call('POST', '/notifications', { token: admin.token, json: { title: 'T', ...json }, headers });
const inbox = async (token = user.token) =>
  ((await server.call('GET', '/inbox', { token })).json as { items: Record<string, unknown>[] }).items;
const notifications = async () => (await server.rowCounts()).notification;

describe('publishing to a service', () => {
  it('answers the id when it is stored, and the subscriber has it whole', async () => {
    const said = {
      title: 'Pump 3 stopped 🚨',
      subtitle: 'Cooling',
      body: 'since 12:04',
      url: 'https://example.org/pump/3',
      priority: 'critical',
      actions: [{ id: 'ack', title: 'Acknowledge', url: 'https://example.org/ack' }],
      data: { pump: '3', constructor: 'ACME' },
    };
    const answer = await publish({ ...said, ttlSeconds: 60, collapseKey: 'pump-3' });
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      id: expect.any(Number),
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      createdAt: new Date(server.clock.now()).toISOString(),
    });
    expect(await inbox()).toMatchObject([
      { ...said, ...(answer.json as Accepted), serviceId: service, isRead: false },
    ]);
  });

  it('needs a title and nothing else', async () => {
    await publish({ title: 'T' });
    expect(await inbox()).toMatchObject([
      { title: 'T', subtitle: '', body: '', url: '', priority: 'normal', actions: [], data: {} },
    ]);
  });

  it('is 404 when there is no such service, and nothing is kept', async () => {
    const before = await server.rowCounts();
    const id = randomUUID();
    const answer = await publish({ title: 'T' }, { 'idempotency-key': 'a' }, id);
    expect(answer.json).toMatchObject({ status: 404, detail: `There is no service ${id}` });
    expect(await server.rowCounts()).toEqual(before);
  });

  it('refuses `userIds`: they would otherwise be ignored and everybody told', async () => {
    const answer = await publish({ title: 'T', userIds: [user.id] });
    expect(answer.json).toMatchObject({
      status: 422,
      faults: [{ field: 'body.userIds', rule: 'is not a known field' }],
    });
  });
});

describe('addressing', () => {
  it('reaches the users that are named, once each, and nobody else', async () => {
    const other = await server.signedIn(`other${turn}`);
    const answer = await address({ userIds: [user.id, user.id] });
    expect(answer.status).toBe(201);
    expect(await inbox()).toMatchObject([
      { id: (answer.json as Accepted).id, serviceId: null, category: '' },
    ]);
    expect(await inbox(other.token)).toEqual([]);
  });

  it('reaches the owners of the devices that are named', async () => {
    const device = await build.device(server.database, { userId: user.id });
    expect((await address({ deviceIds: [device] })).status).toBe(201);
    expect(await inbox()).toHaveLength(1);
    const chunks = await server.database.query(`select members from chunk where audience = 'devices'`);
    expect(chunks).toContainEqual({ members: [String(device)] });
  });

  it('tells nobody when one of the ids does not exist, and names it', async () => {
    const before = await server.rowCounts();
    const answer = await address({ userIds: [user.id, 999_999], deviceIds: [888_888] });
    expect(answer.json).toMatchObject({
      status: 422,
      faults: [
        { field: 'body.userIds', rule: 'there is no such user', value: 999_999 },
        { field: 'body.deviceIds', rule: 'there is no such device', value: 888_888 },
      ],
    });
    expect(await server.rowCounts()).toEqual(before);
  });

  it('must name somebody', async () => {
    expect((await address({})).json).toMatchObject({ status: 422, field: 'body.userIds' });
  });

  it('is for administrators', async () => {
    const json = { title: 'T', userIds: [user.id] };
    const answer = await server.call('POST', '/notifications', { token: user.token, json });
    expect(answer.json).toMatchObject({ status: 403, code: 'not-allowed' });
  });
});

describe('an Idempotency-Key', () => {
  const key = () => ({ 'idempotency-key': randomUUID() });

  it('repeats the first answer to the same request, and says so', async () => {
    const headers = key();
    const first = await publish({ title: 'T' }, headers);
    const before = await notifications();
    server.clock.advance(60_000);
    const again = await publish({ title: 'T' }, headers);
    expect([again.status, again.json]).toEqual([201, first.json]);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await notifications()).toBe(before);
  });

  it('stands for the same request when only the order of its data differs', async () => {
    const headers = key();
    const first = await publish({ title: 'T', data: { a: '1', b: '2' } }, headers);
    const again = await publish({ data: { b: '2', a: '1' }, title: 'T' }, headers);
    expect(again.json).toEqual(first.json);
  });

  it.each([
    ['title', { title: 'other' }],
    ['priority', { priority: 'high' }],
    ['data', { data: { a: '1' } }],
  ])('is a conflict with another %s', async (_name, change) => {
    const headers = key();
    await publish({ title: 'T' }, headers);
    const before = await notifications();
    const answer = await publish({ title: 'T', ...change }, headers);
    expect(answer.json).toMatchObject({ status: 409, code: 'idempotency-conflict' });
    expect(await notifications()).toBe(before);
  });

  it('is still free after a request that was refused', async () => {
    const headers = key();
    expect((await publish({ title: '' }, headers)).status).toBe(422);
    expect((await publish({ title: 'T' }, headers, randomUUID())).status).toBe(404);
    const answer = await publish({ title: 'T' }, headers);
    expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });

  it('of one service is not that of another, nor of an addressed notification', async () => {
    const headers = key();
    const other = await build.service(server.database);
    const ids = [
      await publish({ title: 'T' }, headers),
      await publish({ title: 'T' }, headers, other),
      await address({ userIds: [user.id] }, headers),
    ].map(({ json }) => (json as Accepted).id);
    expect(new Set(ids).size).toBe(3);
  });

  it('of many requests at once makes one notification', async () => {
    const headers = key();
    const before = (await notifications()) ?? 0;
    const answers = await Promise.all(Array.from({ length: 20 }, () => publish({ title: 'T' }, headers)));
    expect(new Set(answers.map(({ status, json }) => `${status} ${(json as Accepted).id}`)).size).toBe(1);
    expect(await notifications()).toBe(before + 1);
  });
});

describe('who got it', () => {
  let id: number;
  let devices: number[];
  beforeEach(async () => {
    id = ((await publish({ title: 'T' })).json as Accepted).id;
    devices = [];
    for (let made = 0; made < 5; made++)
      devices.push(await build.device(server.database, { userId: user.id }));
  });

  const log = (device: number, ...events: (keyof typeof EVENTS)[]) => {
    const rows = emptyEventRows();
    for (const event of events) {
      rows.notificationIds.push(id);
      rows.deviceIds.push(device);
      rows.userIds.push(user.id);
      rows.events.push(EVENTS[event]);
      rows.reasons.push(event === 'gone' ? 'Unregistered' : null);
      rows.providerIds.push(event === 'accepted' ? 'apns-1' : null);
    }
    return appendEvents(server.database, 'node 1', new Date(server.clock.now()), rows);
  };
  const get = (path: string, token = admin.token) =>
    server.call('GET', `/notifications/${id}${path}`, { token });

  it('counts devices by the state of their delivery', async () => {
    const [a = 0, b = 0, c = 0] = devices;
    await log(a, 'accepted', 'displayed', 'received');
    await log(b, 'accepted');
    await log(c, 'retry', 'gone');
    expect((await get('/counts')).json).toEqual({
      notificationId: id,
      devices: 3,
      waitingChunks: 1,
      states: { displayed: 1, accepted: 1, gone: 1 },
    });
  });

  it('counts nothing before anything was sent', async () => {
    expect((await get('/counts')).json).toMatchObject({ devices: 0, states: {} });
    expect((await get('/deliveries')).json).toEqual({ items: [], nextCursor: null });
  });

  it('lists deliveries page by page, every device once, and ends with null', async () => {
    for (const device of devices) await log(device, 'accepted', 'received');
    const seen: number[] = [];
    const sizes: number[] = [];
    let cursor: string | null = '0';
    while (cursor !== null) {
      const page = (await get(`/deliveries?limit=2&cursor=${cursor}`)).json as {
        items: { deviceId: number }[];
        nextCursor: string | null;
      };
      seen.push(...page.items.map(({ deviceId }) => deviceId));
      sizes.push(page.items.length);
      cursor = page.nextCursor;
    }
    expect([seen, sizes]).toEqual([devices, [2, 2, 1]]);
  });

  it('has no further page when the last one is exactly full', async () => {
    for (const device of devices) await log(device, 'accepted');
    expect((await get('/deliveries?limit=5')).json).toMatchObject({ nextCursor: null });
  });

  it('tells each event with the reason and the id of the provider', async () => {
    const [device = 0] = devices;
    await log(device, 'accepted', 'gone');
    const at = new Date(server.clock.now()).toISOString();
    expect((await get('/deliveries')).json).toMatchObject({
      items: [
        {
          deviceId: device,
          userId: user.id,
          state: 'accepted',
          events: [
            { event: 'accepted', reason: null, providerId: 'apns-1', node: 'node 1', at },
            { event: 'gone', reason: 'Unregistered', providerId: null, node: 'node 1', at },
          ],
        },
      ],
    });
  });

  it.each(['/counts', '/deliveries'])(
    '%s is for administrators, and 404 names what is unknown',
    async (path) => {
      expect((await get(path, user.token)).json).toMatchObject({ status: 403, code: 'not-allowed' });
      const answer = await server.call('GET', `/notifications/987654321${path}`, { token: admin.token });
      expect(answer.json).toMatchObject({ status: 404, detail: 'There is no notification 987654321' });
    },
  );
});
