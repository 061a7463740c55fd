/** Who asks too often: an address, a person, a key; in the words of each API; on one node and on two. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_PASSWORD, startNode } from '../../../test/app-on.ts';
import * as build from '../../../test/builders.ts';
import { testDatabase } from '../../../test/database.ts';
import { send } from '../../../test/http-call.ts';
import { testRates } from '../../../test/rates.ts';
import { startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { parseNetworks } from '../../lib/network.ts';
import { createClient } from './client.ts';

const LIMITS = { address: 30, user: 10, key: 5 };
const clock = build.testClock(29_000_000 * 60_000);

let server: V3Server;
beforeAll(async () => {
  server = await startV3Server({
    exempt: ['127.0.0.1'],
    rates: testRates({ clock: clock.now, limits: LIMITS }),
    api: {
      client: createClient(parseNetworks(['127.0.0.1'])),
    },
  });
});
afterAll(() => server.stop());
afterEach(() => clock.advance(180_000));

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
/** Statuses of `count` requests, and the last answer. */
async function repeat(count: number, ask: () => ReturnType<typeof send>) {
  const answers = [];
  for (let n = 0; n < count; n++) answers.push(await ask());
  return { statuses: answers.map(({ status }) => status), last: answers.at(-1) as (typeof answers)[number] };
}

describe('an address', () => {
  it('is refused beyond its limit, with the time to wait', async () => {
    const { statuses, last } = await repeat(LIMITS.address + 1, () =>
      server.call('GET', '/webpush/key', from('192.0.2.1')),
    );
    expect(statuses).toEqual([...Array(LIMITS.address).fill(200), 429]);
    expect(last.json).toMatchObject({ status: 429, code: 'too-many-requests' });
    const headers = Object.fromEntries(last.headers);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(headers['ratelimit-policy']).toBe('"address";q=30;w=60');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect((await server.call('GET', '/webpush/key', from('192.0.2.2'))).status).toBe(200);
  });

  it('of IPv6 is its network of 64 bits', async () => {
    let n = 0;
    const { statuses } = await repeat(LIMITS.address + 1, () =>
      server.call('GET', '/webpush/key', from(`2001:db8::${(n++).toString(16)}`)),
    );
    expect(statuses.at(-1)).toBe(429);
  });

  it.each(['v1', 'v2'])('is refused by %s in its own words', async (version) => {
    const { last } = await repeat(LIMITS.address + 1, () =>
      server.request('GET', `/api/${version}/users/`, from('192.0.2.3')),
    );
    expect(last.status).toBe(429);
    expect(last.json).toEqual({ detail: 'Too many requests' });
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('is refused also where there is nothing, before a sign-in and with a forged login', async () => {
    const mixed = [
      () => server.call('GET', '/nothing', from('192.0.2.4')),
      () => server.call('POST', '/sessions', { ...from('192.0.2.4'), json: {} }),
      () => server.call('GET', '/inbox', { ...from('192.0.2.4'), token: 'forged' }),
    ];
    for (let n = 0; n < LIMITS.address; n++) await mixed[n % 3]?.();
    for (const ask of mixed) expect((await ask()).status).toBe(429);
  });

  it('that is exempt is not counted, and the health is never refused', async () => {
    const { statuses } = await repeat(2 * LIMITS.address, () => server.call('GET', '/webpush/key'));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await repeat(LIMITS.address, () => server.call('GET', '/webpush/key', from('192.0.2.5')));
    for (const path of ['/-/health', '/-/ready', '/metrics'])
      expect((await server.request('GET', path, from('192.0.2.5'))).status).toBe(200);
    // Only these: a made-up neighbour is a request like any other.
    expect((await server.request('GET', '/-/anything', from('192.0.2.5'))).status).toBe(429);
    expect((await server.call('GET', '/webpush/key', from('192.0.2.5'))).status).toBe(429);
  });
});

describe('an address that somebody claims', () => {
  it('counts only from a trusted proxy, and only the one nearest to it', async () => {
    let n = 0;
    const { statuses } = await repeat(LIMITS.address + 1, () =>
      server.call('GET', '/webpush/key', from(`198.51.100.${++n}, 192.0.2.6`)),
    );
    expect(statuses).toEqual([...Array(LIMITS.address).fill(200), 429]);
  });

  it('makes nobody else of a client behind no proxy', async () => {
    const direct = await startV3Server({
      exempt: [],
      rates: testRates({ clock: clock.now, limits: LIMITS }),
    });
    let n = 0;
    const { statuses } = await repeat(LIMITS.address + 1, () =>
      direct.call('GET', '/webpush/key', from(`198.51.100.${++n}`)),
    );
    expect(statuses).toEqual([...Array(LIMITS.address).fill(200), 429]);
    await direct.stop();
  });
});

describe('a person', () => {
  it('is refused beyond the limit on whatever API and login, and nobody else with them', async () => {
    const [ada, bob] = [await server.signedIn('ada'), await server.signedIn('bob')];
    for (let n = 0; n < LIMITS.user / 2; n++) {
      expect((await server.call('GET', '/me', { token: ada.token })).status).toBe(200);
      const profile = await server.request('GET', '/api/v2/users/user/profile', { token: ada.token });
      expect(profile.status).toBe(200);
    }
    expect((await server.call('GET', '/me', { token: ada.token })).json).toMatchObject({
      code: 'too-many-requests',
      detail: 'More than 10 requests a minute of one user',
    });
    const profile = await server.request('GET', '/api/v2/users/user/profile', { token: ada.token });
    expect(profile.json).toEqual({ detail: 'Too many requests' });
    expect((await server.call('GET', '/me', { token: bob.token })).status).toBe(200);
  });
});

describe('a key', () => {
  const personal = async (username: string, scopes: readonly string[]) => {
    const { token } = await server.signedIn(username);
    const json = { name: 'tests', scopes };
    const made = await server.call('POST', '/me/keys', { token, json });
    return (made.json as { key: string }).key;
  };

  it('is counted as itself, whatever else the request shows', async () => {
    const token = await personal('eve', ['admin']);
    for (const path of ['/api/v3/me', '/api/v2/users/user/profile']) {
      let n = 0;
      const { statuses } = await repeat(LIMITS.key + 1, () => {
        const disguise = `tsk_${String(n++).padStart(43, 'x')}`;
        return server.request('GET', path, { token, headers: { 'x-service-key': disguise } });
      });
      expect(statuses, path).toEqual([...Array(LIMITS.key).fill(200), 429]);
      clock.advance(180_000);
    }
  });

  it('counts also where it is refused: at what its scope does not cover and at the services of others', async () => {
    const token = await personal('fay', ['read']);
    const { statuses } = await repeat(LIMITS.key + 1, () => server.call('GET', '/users', { token }));
    expect(statuses).toEqual([...Array(LIMITS.key).fill(403), 429]);
    clock.advance(180_000);
    const service = await build.service(server.database, { publishPolicy: 'key' });
    const publish = () =>
      server.call('POST', `/services/${service}/notifications`, { token, json: { title: 't' } });
    expect((await repeat(LIMITS.key + 1, publish)).statuses).toEqual([...Array(LIMITS.key).fill(403), 429]);
  });

  it('is refused beyond its limit, on every API, and no other key with it', async () => {
    const admin = await server.signedIn('root', true);
    const service = await build.service(server.database, { publishPolicy: 'key' });
    const newKey = async () => {
      const made = await server.call('POST', `/services/${service}/keys`, {
        token: admin.token,
        json: { name: 'tests' },
      });
      return (made.json as { key: string }).key;
    };
    const [one, other] = [await newKey(), await newKey()];
    const publish = (version: string, key: string) =>
      server.request('POST', `/api/${version}/services/${service}/notifications`, {
        json: { title: 't' },
        headers: { 'x-service-key': key },
      });
    const { statuses } = await repeat(LIMITS.key, () => publish('v3', one));
    expect(statuses).toEqual(Array(LIMITS.key).fill(201));
    expect((await publish('v3', one)).json).toMatchObject({ code: 'too-many-requests' });
    expect((await publish('v2', one)).json).toEqual({ detail: 'Too many requests' });
    expect((await publish('v3', other)).status).toBe(201);
  });
});

describe('two nodes', () => {
  it('hold an address and a person to the limit together', async () => {
    const own = await testDatabase();
    const settings = {
      RATE_LIMIT_ADDRESS: '30',
      RATE_LIMIT_USER: '20',
      TRUSTED_PROXIES: '127.0.0.1',
    };
    const nodes = [
      await startNode(own.database, { clock: clock.now, settings, node: 'here' }),
      await startNode(own.database, { clock: clock.now, settings, node: 'there' }),
    ];
    const [here, there] = nodes.map(({ origin }) => origin.replace('localhost', '127.0.0.1'));
    const key = (origin = '') => send(`${origin}/api/v3/webpush/key`, 'GET', from('192.0.2.1'));
    expect((await repeat(30, () => key(here))).statuses).toEqual(Array(30).fill(200));
    expect((await key(here)).status).toBe(429);
    await key(there);
    await key(there);
    await key(there);
    // The next exchange, a quarter of a second later, tells the other node.
    await expect.poll(async () => (await key(there)).status, { interval: 100 }).toBe(429);

    const login = await send(`${here}/api/v3/sessions`, 'POST', {
      json: { username: 'admin', password: ADMIN_PASSWORD },
    });
    const { token } = login.json as { token: string };
    const me = (origin = '') => send(`${origin}/api/v3/me`, 'GET', { token });
    expect((await repeat(21, () => me(there))).statuses).toEqual([...Array(20).fill(200), 429]);
    await me(here);
    await me(here);
    await expect.poll(async () => (await me(here)).status, { interval: 100 }).toBe(429);
    clock.advance(180_000);
    for (const origin of [here, there]) expect((await me(origin)).status).toBe(200);
    for (const { app } of nodes) await app.stop();
    await own.drop();
  });
});
