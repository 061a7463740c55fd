import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';

interface Service {
  readonly id: string;
  readonly category: string;
  readonly isSubscribed: boolean;
  readonly publishPolicy: string;
}

let server: V3Server;
let admin: Person;
let user: Person;
beforeAll(async () => {
  // Nobody is near: only the policy and the key decide.
  server = await startV3Server({ networks: ['192.0.2.0/24'] });
  admin = await server.signedIn('admin', true);
  user = await server.signedIn('user');
});
afterAll(() => server.stop());

const NEW = { category: 'Cooling', color: '1F77b4', owner: 'vacuum group', publishPolicy: 'open' };
/** Of a service that is for everybody. */
const PLAIN = { isSubscribed: false, isRestricted: false, isMandatory: false, isOwned: false };
const create = async (json: object = NEW) =>
  (await server.call('POST', '/services', { token: admin.token, json })).json as Service;
const change = (id: string, json: object) =>
  server.call('PATCH', `/services/${id}`, { token: admin.token, json });
const list = async (token: string) =>
  ((await server.call('GET', '/services', { token })).json as { items: Service[] }).items;
const publish = (id: string, headers: Record<string, string> = {}, query = '') =>
  server.call('POST', `/services/${id}/notifications${query}`, { json: { title: 'T' }, headers });

describe('a service', () => {
  it('is created with what was given and a UUID', async () => {
    const answer = await server.call('POST', '/services', { token: admin.token, json: NEW });
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      ...NEW,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ...PLAIN,
    });
  });

  it('has no owner and takes from the publishing networks unless it is said otherwise', async () => {
    expect(await create({ category: 'c', color: '000000' })).toMatchObject({
      owner: '',
      publishPolicy: 'network',
    });
  });

  it('is listed by category, with the own subscription', async () => {
    const [late, early] = [
      await create({ ...NEW, category: 'zz' }),
      await create({ ...NEW, category: 'aa' }),
    ];
    await build.subscribe(server.database, late.id, user.id);
    const listed = (await list(user.token)).filter(({ id }) => id === late.id || id === early.id);
    expect(listed.map(({ category, isSubscribed }) => [category, isSubscribed])).toEqual([
      ['aa', false],
      ['zz', true],
    ]);
  });

  it('keeps what a change does not name', async () => {
    const { id } = await create();
    const answer = await change(id, { owner: 'nobody' });
    expect([answer.status, answer.json]).toEqual([200, { ...NEW, ...PLAIN, id, owner: 'nobody' }]);
    expect((await change(id, {})).json).toMatchObject({ owner: 'nobody' });
  });

  it('is found whatever the case of its id', async () => {
    const { id } = await create();
    const answer = await change(id.toUpperCase(), { owner: 'shouting' });
    expect([answer.status, answer.json]).toEqual([200, { ...NEW, ...PLAIN, id, owner: 'shouting' }]);
    expect((await publish(id.toUpperCase())).status).toBe(201);
  });

  it('takes its subscriptions and inbox entries along when it is deleted, and not the subscribers', async () => {
    const { id } = await create();
    await build.subscribe(server.database, id, user.id);
    const accepted = (await publish(id)).json as { id: number };
    const inbox = () => server.call('GET', `/inbox/${accepted.id}`, { token: user.token });
    expect((await inbox()).status).toBe(200);
    const answer = await server.call('DELETE', `/services/${id}`, { token: admin.token });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await inbox()).status).toBe(404);
    expect((await list(user.token)).map((service) => service.id)).not.toContain(id);
    expect((await server.call('GET', '/inbox/unread', { token: user.token })).json).toEqual({ count: 0 });
    expect((await server.call('GET', '/me', { token: user.token })).status).toBe(200);
  });

  it.each(['PATCH', 'DELETE'])('%s says 404 and the id when there is none', async (method) => {
    const id = randomUUID();
    const json = method === 'PATCH' ? {} : undefined;
    const answer = await server.call(method, `/services/${id}`, { token: admin.token, json });
    expect(answer.json).toMatchObject({
      status: 404,
      code: 'not-found',
      detail: `There is no service ${id}`,
    });
  });

  it('is changed by administrators only', async () => {
    const { id } = await create();
    const before = await server.rowCounts();
    for (const [method, path, json] of [
      ['POST', '/services', NEW],
      ['PATCH', `/services/${id}`, {}],
      ['DELETE', `/services/${id}`, undefined],
      ['POST', `/services/${id}/keys`, { name: 'k' }],
    ] as const) {
      const answer = await server.call(method, path, { token: user.token, json });
      expect(answer.json).toMatchObject({ status: 403, code: 'not-allowed' });
    }
    expect(await server.rowCounts()).toEqual(before);
  });
});

describe('who may publish', () => {
  const refused = { status: 403, code: 'publisher-not-allowed' };

  it('open: anybody', async () => {
    expect((await publish((await create()).id)).status).toBe(201);
  });

  it('network: not from elsewhere, and an outsider cannot tell that a service does not exist', async () => {
    const { id } = await create({ ...NEW, publishPolicy: 'network' });
    expect((await publish(id)).json).toMatchObject(refused);
    expect((await publish(randomUUID())).json).toMatchObject(refused);
  });

  it('key: its holders, by header, as bearer or in the address', async () => {
    const { id } = await create({ ...NEW, publishPolicy: 'key' });
    const key = await makeKey(id);
    expect(key).toMatch(/^tsk_[\w-]{43}$/);
    expect((await publish(id)).json).toMatchObject(refused);
    expect((await publish(id, { 'x-service-key': `${key}x` })).json).toMatchObject(refused);
    expect((await publish(id, { 'x-service-key': key })).status).toBe(201);
    expect((await publish(id, { authorization: `Bearer ${key}` })).status).toBe(201);
    expect((await publish(id, {}, `?key=${key}`)).status).toBe(201);
  });

  it('a key of one service opens no other, and a wrong key opens nothing, not even what is open', async () => {
    const [{ id }, other] = [await create(), await create({ ...NEW, publishPolicy: 'open' })];
    const key = await makeKey(id);
    expect((await publish(other.id, { 'x-service-key': key })).json).toMatchObject(refused);
    expect((await publish(other.id, { 'x-service-key': 'tsk_wrong' })).json).toMatchObject(refused);
  });

  const makeKey = async (id: string) => {
    const answer = await server.call('POST', `/services/${id}/keys`, {
      token: admin.token,
      json: { name: 'k' },
    });
    return (answer.json as { key: string }).key;
  };
});
