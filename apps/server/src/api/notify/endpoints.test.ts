import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { type NotifyServer, PASSWORD, startNotifyServer } from '../../../test/notify-server.ts';

let server: NotifyServer;
let admin: { id: number; token: string };
let user: { id: number; token: string };
beforeAll(async () => {
  server = await startNotifyServer();
  admin = await server.signedIn('admin', true);
});
afterAll(() => server.stop());

let turn = 0;
let name: string;
beforeEach(async () => {
  name = `user${++turn}`;
  user = await server.signedIn(name);
});

const FORM = 'application/x-www-form-urlencoded';
const login = (text: string, version = 'v2') =>
  server.call('POST', `/${version}/login`, { text, label: FORM });
const service = (category = `c${randomUUID()}`) => build.service(server.database, { category });
const subscribe = (id: string, is_subscribed = true, token = user.token) =>
  server.call('PATCH', '/v2/users/user/services', { token, json: [{ id, is_subscribed }] });
const publish = (id: string, json: object = { title: 'T' }, headers = {}) =>
  server.call('POST', `/v2/services/${id}/notifications`, { json, headers });
const inbox = async (query = '', token = user.token) =>
  (await server.call('GET', `/v2/users/user/notifications${query}`, { token })).json as {
    id: number;
    title: string;
    is_read: boolean;
  }[];
const mark = (json: unknown, query = '') =>
  server.call('PATCH', `/v2/users/user/notifications${query}`, { token: user.token, json });

describe.each(['v1', 'v2'] as const)('every address of %s', (version) => {
  const tokens = version === 'v1' ? 'apn_tokens' : 'device_tokens';
  const call: NotifyServer['call'] = (method, path, given) =>
    server.call(method, `/${version}${path}`, given);

  it('GET /-/health is OK as plain text', async () => {
    const answer = await call('GET', '/-/health');
    expect([answer.status, answer.text]).toEqual([200, 'OK']);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  });

  it('POST /login answers a bearer token in the field order of the original', async () => {
    const answer = await login(`username=${name}&password=${PASSWORD}&grant_type=password`, version);
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(/^\{"access_token":"[\w-]+\.[\w-]+\.[\w-]+","token_type":"bearer"\}$/);
  });

  it('POST /login says 401 to a wrong password and to an unknown name alike', async () => {
    for (const form of [
      `username=${name}&password=x`,
      'username=nobody&password=x',
      `username=${name}&password=`,
    ]) {
      const answer = await login(form, version);
      expect([answer.status, answer.text]).toEqual([401, '{"detail":"Incorrect username or password"}']);
    }
  });

  it('GET /users/user/profile', async () => {
    const answer = await call('GET', '/users/user/profile', { token: user.token });
    expect([answer.status, answer.text]).toEqual([
      200,
      `{"id":${user.id},"username":"${name}","${tokens}":[],"is_active":true,"is_admin":false}`,
    ]);
  });

  it('a token is 201 when new and 200 when already there', async () => {
    const field = version === 'v1' ? 'apn_token' : 'device_token';
    const register = () =>
      call('POST', `/users/user/${field.replace('_', '-')}`, {
        token: user.token,
        json: { [field]: `${name}-token` },
      });
    const profile = `{"id":${user.id},"username":"${name}","${tokens}":["${name}-token"],"is_active":true,"is_admin":false}`;
    const [first, second] = [await register(), await register()];
    expect([first.status, first.text]).toEqual([201, profile]);
    expect([second.status, second.text]).toEqual([200, profile]);
  });

  it('services: created, listed sorted by category, changed, deleted', async () => {
    const { token } = admin;
    const made: string[] = [];
    for (const category of [`z${name}${version}`, `a${name}${version}`]) {
      const answer = await call('POST', '/services/', {
        token,
        json: { category, color: 'FFaa00', owner: 'me' },
      });
      const { id } = answer.json as { id: string };
      made.push(id);
      expect([answer.status, answer.text]).toEqual([
        201,
        `{"category":"${category}","color":"FFaa00","owner":"me","id":"${id}"}`,
      ]);
    }
    const listed = (await call('GET', '/services/', { token: user.token })).json as {
      category: string;
      id: string;
    }[];
    const categories = listed.map(({ category }) => category);
    expect(categories).toEqual([...categories].sort());
    expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining(made));
    expect(Object.keys(listed[0] ?? {})).toEqual(['category', 'color', 'owner', 'id']);
    const json = { color: null, owner: 'you', unknown: 1 };
    const changed = await call('PATCH', `/services/${made[0]}`, { token, json });
    expect([changed.status, changed.text]).toEqual([
      200,
      `{"category":"z${name}${version}","color":"FFaa00","owner":"you","id":"${made[0]}"}`,
    ]);
    for (const id of made) expect((await call('DELETE', `/services/${id}`, { token })).status).toBe(204);
    expect((await call('DELETE', `/services/${made[0]}`, { token })).status).toBe(404);
  });

  it('publishing, reading and marking', async () => {
    const id = await service();
    await call('PATCH', '/users/user/services', { token: user.token, json: [{ id, is_subscribed: true }] });
    const path = `/services/${id}/notifications`;
    const published = await call('POST', path, {
      json: { title: 'T', subtitle: 'S', url: 'https://x.y', more: 1 },
    });
    const message = published.json as { id: number; timestamp: string };
    const text = `{"title":"T","subtitle":"S","url":"https://x.y","id":${message.id},"timestamp":"${message.timestamp}","service_id":"${id}"`;
    expect([published.status, published.text]).toEqual([201, `${text}}`]);
    expect(message.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/);
    const ofService = await call('GET', path, { token: admin.token });
    expect([ofService.status, ofService.text]).toEqual([200, `[${text}}]`]);
    const ofUser = await call('GET', '/users/user/notifications', { token: user.token });
    expect([ofUser.status, ofUser.text]).toEqual([200, `[${text},"is_read":false}]`]);
    const marked = await call('PATCH', '/users/user/notifications?limit=50&sort=desc', {
      token: user.token,
      json: [{ id: message.id, status: 'read' }],
    });
    expect([marked.status, marked.text, marked.headers.get('content-type')]).toEqual([204, '', null]);
    expect((await inbox())[0]?.is_read).toBe(true);
  });

  it('GET /users/user/services tells what is subscribed', async () => {
    const id = await service();
    await subscribe(id);
    const answer = await call('GET', '/users/user/services', { token: user.token });
    const mine = (answer.json as { id: string }[]).find((one) => one.id === id);
    expect(Object.entries(mine ?? {}).at(-1)).toEqual(['is_subscribed', true]);
    expect(Object.keys(mine ?? {})).toEqual(['category', 'color', 'owner', 'id', 'is_subscribed']);
  });

  it('describes itself in OpenAPI', async () => {
    const answer = await call('GET', '/openapi.json');
    const document = answer.json as {
      info: { version: string };
      servers: unknown;
      paths: Record<string, object>;
    };
    expect(document.info.version).toBe(version.slice(1));
    expect(document.servers).toEqual([{ url: `/api/${version}` }]);
    expect(Object.keys(document.paths)).toContain('/services/{service_id}/notifications');
    expect('/users/' in document.paths).toBe(version === 'v2');
    expect(JSON.stringify(document.paths)).toContain(tokens);
  });
});

describe('what v1 has not', () => {
  it.each([
    ['POST', '/users/user/device-token'],
    ['GET', '/users/'],
    ['PATCH', '/users/1'],
    ['DELETE', '/users/1'],
    ['DELETE', '/users/1/device-token'],
  ])('%s %s', async (method, path) => {
    const answer = await server.call(method, `/v1${path}`, { token: admin.token });
    expect([answer.status, answer.text]).toEqual([404, '{"detail":"Not Found"}']);
  });

  it('and v2 has no apn-token', async () => {
    const answer = await server.call('POST', '/v2/users/user/apn-token', {
      token: user.token,
      json: { apn_token: 'x' },
    });
    expect([answer.status, answer.text]).toEqual([404, '{"detail":"Not Found"}']);
  });
});

describe('administration', () => {
  it('lists all users by name, with their tokens', async () => {
    const json = { device_token: 'a'.repeat(70) };
    await server.call('POST', '/v2/users/user/device-token', { token: user.token, json });
    const answer = await server.call('GET', '/v2/users/', { token: admin.token });
    const users = answer.json as { username: string; device_tokens: string[] }[];
    const names = users.map(({ username }) => username);
    expect(names).toEqual([...names].sort());
    expect(users.find(({ username }) => username === name)?.device_tokens).toEqual(['a'.repeat(70)]);
  });

  it('changes what is given and leaves what is null or absent', async () => {
    const change = async (json: object) =>
      (await server.call('PATCH', `/v2/users/${user.id}`, { token: admin.token, json })).json;
    expect(await change({ is_admin: true })).toMatchObject({ is_active: true, is_admin: true });
    expect(await change({ is_admin: null, is_active: false })).toMatchObject({
      is_active: false,
      is_admin: true,
    });
    expect(await change({})).toMatchObject({ is_active: false, is_admin: true });
  });

  it('a deactivated user is answered 403 at once', async () => {
    expect((await server.call('GET', '/v2/users/user/profile', { token: user.token })).status).toBe(200);
    await server.call('PATCH', `/v2/users/${user.id}`, { token: admin.token, json: { is_active: false } });
    const answer = await server.call('GET', '/v2/users/user/profile', { token: user.token });
    expect([answer.status, answer.text]).toEqual([403, '{"detail":"Inactive user"}']);
  });

  it('deletes a user, whose token then is unknown', async () => {
    const remove = () => server.call('DELETE', `/v2/users/${user.id}`, { token: admin.token });
    const [first, second] = [await remove(), await remove()];
    expect([first.status, first.text]).toEqual([204, '']);
    expect([second.status, second.text]).toEqual([404, '{"detail":"User not found"}']);
    const answer = await server.call('GET', '/v2/users/user/profile', { token: user.token });
    expect([answer.status, answer.text]).toEqual([401, `{"detail":"Unknown user ${name}"}`]);
  });

  it('an administrator may delete himself', async () => {
    const other = await server.signedIn(`${name}-admin`, true);
    expect((await server.call('DELETE', `/v2/users/${other.id}`, { token: other.token })).status).toBe(204);
  });

  it("takes a user's device token away, known or not", async () => {
    const json = { device_token: 'some-token' };
    await server.call('POST', '/v2/users/user/device-token', { token: user.token, json });
    const remove = (id: number) =>
      server.call('DELETE', `/v2/users/${id}/device-token`, { token: admin.token, json });
    expect((await remove(user.id)).status).toBe(204);
    expect((await remove(user.id)).status).toBe(204);
    const profile = await server.call('GET', '/v2/users/user/profile', { token: user.token });
    expect(profile.json).toMatchObject({ device_tokens: [] });
    const unknown = await remove(2 ** 40);
    expect([unknown.status, unknown.text]).toEqual([404, '{"detail":"User not found"}']);
  });

  it.each(['9223372036854775808', '99999999999999999999999', '-1', '0'])('user %s is nobody', async (id) => {
    const answer = await server.call('PATCH', `/v2/users/${id}`, { token: admin.token, json: {} });
    expect([answer.status, answer.text]).toEqual([404, '{"detail":"User not found"}']);
  });

  it.each([
    ['GET', '/v2/users/', undefined],
    ['PATCH', '/v2/users/1', {}],
    ['DELETE', '/v2/users/1', undefined],
    ['DELETE', '/v2/users/1/device-token', { device_token: 'x' }],
    ['POST', '/v1/services/', { category: 'c', color: 'aabbcc', owner: 'o' }],
    ['PATCH', `/v1/services/${randomUUID()}`, {}],
    ['DELETE', `/v1/services/${randomUUID()}`, undefined],
    ['GET', `/v1/services/${randomUUID()}/notifications`, undefined],
  ])('%s %s is for administrators only', async (method, path, json) => {
    const answer = await server.call(method, path, { token: user.token, json });
    expect([answer.status, answer.text]).toEqual([
      403,
      '{"detail":"The user doesn\'t have enough privileges"}',
    ]);
  });

  it.each([
    ['PATCH', '', {}],
    ['DELETE', '', undefined],
    ['GET', '/notifications', undefined],
    ['POST', '/notifications', { title: 'T' }],
  ])('%s of an unknown service%s', async (method, path, json) => {
    const answer = await server.call(method, `/v2/services/${randomUUID()}${path}`, {
      token: admin.token,
      json,
    });
    expect([answer.status, answer.text]).toEqual([404, '{"detail":"Service not found"}']);
  });
});

describe('reading the inbox', () => {
  it('selects the newest; the order only turns the list round', async () => {
    const id = await service();
    await subscribe(id);
    for (const title of ['1', '2', '3']) {
      server.clock.advance(1);
      await publish(id, { title });
    }
    const titles = async (query: string) => (await inbox(query)).map(({ title }) => title).join('');
    expect(await titles('')).toBe('123');
    expect(await titles('?sort=desc')).toBe('321');
    expect(await titles('?limit=2')).toBe('23');
    expect(await titles('?limit=2&sort=desc')).toBe('32');
    expect(await titles('?limit=1&sort=asc')).toBe('3');
    expect(await titles('?limit=0')).toBe('123');
    expect(await titles('?limit=-1&sort=desc')).toBe('321');
    expect(await titles('?limit=99999999999999999999')).toBe('123');
  });

  it('gives 50 without a limit', async () => {
    const id = await service();
    await subscribe(id);
    await Promise.all(Array.from({ length: 53 }, () => publish(id)));
    expect(await inbox()).toHaveLength(50);
    expect(await inbox('?limit=0')).toHaveLength(53);
  });

  it('marks read, unread and deleted; the others keep theirs and the service keeps it', async () => {
    const id = await service();
    const other = await server.signedIn(`${name}-other`);
    await subscribe(id);
    await subscribe(id, true, other.token);
    const published = (await publish(id)).json as { id: number };
    const read = async (status: string) => {
      await mark([{ id: published.id, status }]);
      return (await inbox()).map(({ is_read }) => is_read);
    };
    expect(await read('read')).toEqual([true]);
    expect(await read('unread')).toEqual([false]);
    expect(await read('deleted')).toEqual([]);
    expect(await read('unread')).toEqual([]);
    expect(await inbox('', other.token)).toMatchObject([{ id: published.id, is_read: false }]);
    const ofService = await server.call('GET', `/v2/services/${id}/notifications`, { token: admin.token });
    expect(ofService.json).toHaveLength(1);
  });

  it("skips silently what is not the user's", async () => {
    const id = await service();
    const other = await server.signedIn(`${name}-other`);
    await subscribe(id, true, other.token);
    const published = (await publish(id)).json as { id: number };
    const ids = [published.id, -5, 0, 2 ** 50, '99999999999999999999999'];
    expect((await mark(ids.map((one) => ({ id: one, status: 'read' })))).status).toBe(204);
    expect(await inbox('', other.token)).toMatchObject([{ is_read: false }]);
    expect((await mark([])).status).toBe(204);
  });

  it('marks one after the other: nothing follows a deletion', async () => {
    const id = await service();
    await subscribe(id);
    const { id: message } = (await publish(id)).json as { id: number };
    await mark([
      { id: message, status: 'read' },
      { id: message, status: 'deleted' },
      { id: message, status: 'unread' },
    ]);
    expect(await inbox()).toEqual([]);
  });
});

describe('subscribing', () => {
  it('gets what is published while subscribed and keeps it afterwards', async () => {
    const id = await service();
    await publish(id, { title: 'before' });
    await subscribe(id);
    await publish(id, { title: 'while' });
    await subscribe(id, false);
    await publish(id, { title: 'after' });
    expect((await inbox()).map(({ title }) => title)).toEqual(['while']);
    await subscribe(id);
    expect((await inbox()).map(({ title }) => title)).toEqual(['while']);
  });

  it('skips unknown services, takes ids without dashes and leaves the unlisted alone', async () => {
    const [listed, unlisted] = [await service(), await service()];
    await subscribe(unlisted);
    const answer = await server.call('PATCH', '/v2/users/user/services', {
      token: user.token,
      json: [
        { id: randomUUID(), is_subscribed: true },
        { id: listed.replaceAll('-', '').toUpperCase(), is_subscribed: true },
      ],
    });
    expect([answer.status, answer.text]).toEqual([204, '']);
    const services = (await server.call('GET', '/v2/users/user/services', { token: user.token })).json;
    const subscribed = (services as { id: string; is_subscribed: boolean }[]).filter(
      (one) => one.is_subscribed,
    );
    expect(subscribed.map((one) => one.id).sort()).toEqual([listed, unlisted].sort());
  });

  it('hears the last word when a service is named twice', async () => {
    const id = await service();
    for (const last of [false, true]) {
      const json = [!last, last].map((is_subscribed) => ({ id, is_subscribed }));
      const answer = await server.call('PATCH', '/v2/users/user/services', { token: user.token, json });
      expect(answer.status).toBe(204);
      const services = (await server.call('GET', '/v2/users/user/services', { token: user.token })).json;
      expect((services as { id: string }[]).find((one) => one.id === id)).toMatchObject({
        is_subscribed: last,
      });
    }
  });

  it('is gone with the service, and so is what was published', async () => {
    const id = await service();
    await subscribe(id);
    await publish(id);
    await server.call('DELETE', `/v2/services/${id}`, { token: admin.token });
    expect(await inbox()).toEqual([]);
    const left = await server.database.query('select 1 from inbox where user_id = $1', [user.id]);
    expect(left).toEqual([]);
  });
});

describe('publishing', () => {
  it('takes an empty title and the extra fields, and answers the six fields only', async () => {
    const id = await service();
    const json = { title: '', body: 'B', priority: 'high', ttl: 60, collapse_key: 'k', unknown: null };
    const answer = await publish(id.toUpperCase(), json);
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ title: '', subtitle: 'B', url: '', service_id: id });
    expect(Object.keys(answer.json as object)).toEqual([
      'title',
      'subtitle',
      'url',
      'id',
      'timestamp',
      'service_id',
    ]);
    const stored = await server.database.query(
      'select body, priority, ttl_seconds, collapse_key from notification where service_id = $1',
      [id],
    );
    expect(stored).toEqual([{ body: 'B', priority: 2, ttl_seconds: 60, collapse_key: 'k' }]);
  });

  it('answers a repeated Idempotency-Key with the first notification, and 409 for another text', async () => {
    const id = await service();
    const headers = { 'idempotency-key': randomUUID() };
    const first = await publish(id, { title: 'T' }, headers);
    server.clock.advance(5_000);
    const second = await publish(id, { title: 'T' }, headers);
    expect([second.status, second.text]).toEqual([201, first.text]);
    expect((await publish(id, { title: 'T', priority: 'high' }, headers)).status).toBe(409);
    expect((await publish(await service(), { title: 'T' }, headers)).status).toBe(201);
  });

  it('is durable when it answers', async () => {
    const id = await service();
    const answers = await Promise.all(Array.from({ length: 40 }, () => publish(id)));
    const ids = answers.map(({ json }) => (json as { id: number }).id).sort((a, b) => a - b);
    const stored = await server.database.query<{ id: number }>(
      'select id from notification where service_id = $1 order by id',
      [id],
    );
    expect(stored.map((row) => row.id)).toEqual(ids);
  });
});

describe('the demo account', () => {
  it('sees the services of the demo category only', async () => {
    const [demo, shown] = [await server.signedIn('demo'), await service('demo')];
    await service();
    for (const path of ['/v1/services/', '/v2/users/user/services']) {
      const services = (await server.call('GET', path, { token: demo.token })).json as { id: string }[];
      expect(services.map(({ id }) => id)).toEqual([shown]);
    }
  });

  it('subscribes to those only', async () => {
    const demo = await server.signedIn('demo');
    const [shown, hidden] = [await service('demo'), await service()];
    const json = [shown, hidden].map((id) => ({ id, is_subscribed: true }));
    const answer = await server.call('PATCH', '/v2/users/user/services', { token: demo.token, json });
    expect(answer.status).toBe(204);
    const subscribed = await server.database.query(
      'select service_id as id from subscription where user_id = $1',
      [demo.id],
    );
    expect(subscribed).toEqual([{ id: shown }]);
  });
});
