/** Two servers on one database: what is ended on one is ended on the other within a second. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ADMIN_PASSWORD, databaseUrl, type ServerProcess, startServer } from '@tocsin/server/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const LIMIT_MS = 1_000;
const POLL_MS = 10;

let here: ServerProcess;
let there: ServerProcess;
let admin: string;
beforeAll(async () => {
  here = await startServer();
  there = await startServer({
    DATABASE_URL: databaseUrl(here),
    TOCSIN_KEY_FILE: join(here.dataDir, 'secret.key'),
    TOCSIN_NODE: 'there',
  });
  admin = await signIn('admin', ADMIN_PASSWORD);
}, 120_000);
afterAll(async () => {
  await there.stop();
  await here.stop();
});

async function call(node: ServerProcess, method: string, path: string, token: string | null, json?: object) {
  return fetch(`${node.url}/api/v3${path}`, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(json && { 'content-type': 'application/json' }),
    },
    ...(json && { body: JSON.stringify(json) }),
  });
}

async function signIn(username: string, password: string): Promise<string> {
  const answer = await call(here, 'POST', '/sessions', null, { username, password });
  return ((await answer.json()) as { token: string }).token;
}

let turn = 0;
async function person() {
  const username = `person${++turn}`;
  const answer = await call(here, 'POST', '/users', admin, { username, password: 'long enough' });
  const { id } = (await answer.json()) as { id: number };
  return { id, token: await signIn(username, 'long enough') };
}

/** Asks the other node again and again while this one ends something; how long it still said yes, ms. */
async function untilRefused(ask: () => Promise<number>, end: () => Promise<unknown>): Promise<number> {
  expect(await ask()).toBeLessThan(300);
  await end();
  const ended = performance.now();
  while ((await ask()) < 300) {
    if (performance.now() - ended > 5 * LIMIT_MS) throw new Error('it is never refused');
    await delay(POLL_MS);
  }
  return performance.now() - ended;
}

const asks = (token: string) => async () => (await call(there, 'GET', '/me', token)).status;

describe('another node refuses within a second', () => {
  it('a login that its owner ended', async () => {
    const { token } = await person();
    const ms = await untilRefused(asks(token), () => call(here, 'DELETE', '/sessions/current', token));
    expect(ms).toBeLessThan(LIMIT_MS);
  });

  it('all logins that an administrator ended, and open streams end with them', async () => {
    const { id, token } = await person();
    const stream = await call(there, 'GET', '/stream', token);
    const reader = stream.body?.getReader();
    const ms = await untilRefused(asks(token), () => call(here, 'DELETE', `/users/${id}/sessions`, admin));
    expect(ms).toBeLessThan(LIMIT_MS);
    const closed = performance.now();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read());
    expect(performance.now() - closed).toBeLessThan(LIMIT_MS);
  });

  it('somebody who was deactivated', async () => {
    const { id, token } = await person();
    const end = () => call(here, 'PATCH', `/users/${id}`, admin, { isActive: false });
    expect(await untilRefused(asks(token), end)).toBeLessThan(LIMIT_MS);
  });

  it('an administrator who is none any more', async () => {
    const { id, token } = await person();
    await call(here, 'PATCH', `/users/${id}`, admin, { isAdmin: true });
    // The other node may still remember what it knew.
    await delay(LIMIT_MS);
    const ask = async () => (await call(there, 'GET', '/users', token)).status;
    const end = () => call(here, 'PATCH', `/users/${id}`, admin, { isAdmin: false });
    expect(await untilRefused(ask, end)).toBeLessThan(LIMIT_MS);
  });

  it('a personal key, and a key of a service', async () => {
    const wish = { name: 'k', scopes: ['read'] };
    const own = (await (await call(here, 'POST', '/me/keys', admin, wish)).json()) as {
      id: number;
      key: string;
    };
    const endOwn = () => call(here, 'DELETE', `/me/keys/${own.id}`, admin);
    expect(await untilRefused(asks(own.key), endOwn)).toBeLessThan(LIMIT_MS);

    const service = { category: 'Keys', color: '000000', publishPolicy: 'key' };
    const { id } = (await (await call(here, 'POST', '/services', admin, service)).json()) as { id: string };
    const keys = `/services/${id}/keys`;
    const made = (await (await call(here, 'POST', keys, admin, { name: 'k' })).json()) as {
      id: number;
      key: string;
    };
    const publish = async () =>
      (await call(there, 'POST', `/services/${id}/notifications`, made.key, { title: 't' })).status;
    const end = () => call(here, 'DELETE', `${keys}/${made.id}`, admin);
    expect(await untilRefused(publish, end)).toBeLessThan(LIMIT_MS);
  });

  it('a publisher whose service became stricter', async () => {
    const service = { category: 'Policy', color: '000000', publishPolicy: 'open' };
    const { id } = (await (await call(here, 'POST', '/services', admin, service)).json()) as { id: string };
    const publish = async () =>
      (await call(there, 'POST', `/services/${id}/notifications`, null, { title: 't' })).status;
    const end = () => call(here, 'PATCH', `/services/${id}`, admin, { publishPolicy: 'key' });
    expect(await untilRefused(publish, end)).toBeLessThan(LIMIT_MS);
  });
});
