/** The published phones, call by call (notify-api.md §1.10), and the four documented calls of the seed. */
import { ADMIN_PASSWORD, type ServerProcess, startServer } from '@tocsin/server/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Providers, startProviders } from './providers.ts';

let server: ServerProcess;
let providers: Providers;
let service = '';

beforeAll(async () => {
  providers = await startProviders();
  server = await startServer(providers.settings);
  const { rows } = await server.database.query<{ id: string }>('select id from service');
  service = rows[0]?.id ?? '';
});
afterAll(async () => {
  await server.stop();
  await providers.close();
});

const signIn = async () => {
  const form = new URLSearchParams({ username: 'admin', password: ADMIN_PASSWORD });
  const response = await fetch(`${server.url}/api/v2/login`, { method: 'POST', body: form });
  const { access_token: token, token_type: type } = (await response.json()) as {
    access_token: string;
    token_type: string;
  };
  expect(type).toBe('bearer');
  return { authorization: `Bearer ${token}` };
};

const json = { 'content-type': 'application/json' };
const publish = (version: string, body: object) =>
  fetch(`${server.url}/api/${version}/services/${service}/notifications`, {
    method: 'POST',
    headers: { ...json, accept: 'application/json' },
    body: JSON.stringify(body),
  });

interface Message {
  readonly id: number;
  readonly title: string;
  readonly timestamp: string;
  readonly is_read: boolean;
}

describe('the iOS app', () => {
  it('signs in, registers without a content type, subscribes, is pushed to, reads and deletes', async () => {
    const login = await signIn();
    const api = `${server.url}/api/v2/users/user`;
    const profile = await fetch(`${api}/profile`, { headers: login });
    expect(await profile.json()).toMatchObject({ username: 'admin', is_active: true });
    const token = 'a1'.repeat(32);
    const registered = await fetch(`${api}/device-token`, {
      method: 'POST',
      headers: { ...login, 'content-type': 'application/x-www-form-urlencoded' },
      body: JSON.stringify({ device_token: token }),
    });
    expect(registered.status).toBe(201);
    const subscribed = await fetch(`${api}/services`, {
      method: 'PATCH',
      headers: { ...login, ...json },
      body: JSON.stringify([{ id: service, is_subscribed: true }]),
    });
    expect(subscribed.status).toBe(204);

    const posted = await publish('v2', { title: 'My message', subtitle: 'This is a test', url: '' });
    expect(posted.status).toBe(201);
    await expect.poll(() => providers.apns.received.length, { timeout: 5_000 }).toBe(1);
    expect(providers.apns.received[0]).toMatchObject({
      token,
      payload: {
        aps: { alert: { title: 'My message', subtitle: 'This is a test' }, badge: 1, sound: 'default' },
      },
    });

    const list = `${api}/notifications?limit=50&sort=desc`;
    const [message] = (await (await fetch(list, { headers: login })).json()) as Message[];
    expect(message).toMatchObject({ title: 'My message', is_read: false });
    expect(message?.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/);
    const mark = (status: string) =>
      fetch(list, {
        method: 'PATCH',
        headers: { ...login, ...json },
        body: JSON.stringify([{ id: message?.id, status }]),
      });
    expect((await mark('read')).status).toBe(204);
    expect((await (await fetch(list, { headers: login })).json()) as Message[]).toMatchObject([
      { is_read: true },
    ]);
    expect((await mark('deleted')).status).toBe(204);
    expect(await (await fetch(list, { headers: login })).json()).toEqual([]);
  });
});

describe('the Android app', () => {
  it('signs in, sends its token at every start, gets a data message, lists without parameters', async () => {
    const login = await signIn();
    const token = `fcm-${'x'.repeat(150)}`;
    const statuses = [];
    for (let start = 0; start < 2; start++) {
      const response = await fetch(`${server.url}/api/v2/users/user/device-token`, {
        method: 'POST',
        headers: { ...login, ...json },
        body: JSON.stringify({ device_token: token }),
      });
      statuses.push(response.status);
    }
    expect(statuses).toEqual([201, 200]);
    const posted = await publish('v1', { title: 'From Python', subtitle: 'without url' });
    expect(posted.status).toBe(201);
    await expect.poll(() => providers.fcm.received.length, { timeout: 5_000 }).toBe(1);
    expect(providers.fcm.received[0]).toMatchObject({
      token,
      data: { title: 'From Python', body: 'without url', url: '' },
    });
    const list = (await (
      await fetch(`${server.url}/api/v2/users/user/notifications`, { headers: login })
    ).json()) as Message[];
    expect(list.map(({ title }) => title)).toEqual(['From Python']);
  });
});

describe('the receipt', () => {
  it('that came with the push is taken without a login and stands in the log', async () => {
    const push = providers.apns.received.at(-1);
    const post = (event: string, token = String(push?.payload.receipt)) =>
      fetch(`${server.url}/api/v3/receipts`, {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ token, event }),
      });
    expect((await post('displayed')).status).toBe(204);
    expect((await post('displayed', `${String(push?.payload.receipt).slice(0, -1)}~`)).status).toBe(403);
    const login = await signIn();
    const log = await fetch(`${server.url}/api/v3/notifications/${push?.payload.id}/counts`, {
      headers: login,
    });
    expect(((await log.json()) as { states: object }).states).toHaveProperty('displayed', 1);
  });
});
