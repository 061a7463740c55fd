/** The traps of notify-api.md §1.10, and what Starlette does around the routes. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as build from '../../../test/builders.ts';
import { type NotifyServer, PASSWORD, startNotifyServer } from '../../../test/notify-server.ts';
import { IngestBusy } from '../../ingest/draft.ts';
import { parseNetworks } from '../../lib/network.ts';
import { createClient } from '../edge/client.ts';
import { presentTimestamp } from './present.ts';

const FORM = 'application/x-www-form-urlencoded';

describe('the phones', () => {
  let server: NotifyServer;
  let token: string;
  beforeAll(async () => {
    server = await startNotifyServer({ firstLoginStatus: 200 });
    ({ token } = await server.signedIn('phone'));
  });
  afterAll(() => server.stop());
  const register = (device_token: string, label: string | null = 'application/json', as = token) =>
    server.call('POST', '/v2/users/user/device-token', { token: as, json: { device_token }, label });
  const kinds = (address: string) =>
    server.database.query('select kind, app, environment from device where address = $1', [address]);

  it('iOS takes 201 for a wrong password: the first login can be made to answer 200', async () => {
    await server.database.query('update user_account set first_login_at = null where username = $1', [
      'phone',
    ]);
    const text = `username=PHONE&password=${encodeURIComponent(PASSWORD)}`;
    expect((await server.call('POST', '/v2/login', { text, label: FORM })).status).toBe(200);
  });

  it('who guesses must wait, in a form the phones can show', async () => {
    const text = 'username=guessed&password=wrong';
    for (let guess = 0; guess < 10; guess++)
      expect((await server.call('POST', '/v1/login', { text, label: FORM })).status).toBe(401);
    const answer = await server.call('POST', '/v2/login', { text, label: FORM });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
    expect(answer.json).toEqual({ detail: 'Too many failed attempts' });
  });

  it.each([FORM, null, 'application/json', 'text/plain', 'junk', 'application/json; charset=utf-8'])(
    'a device token is taken under the label %s',
    async (label) => {
      const address = randomUUID();
      const answer = await register(address, label);
      expect(answer.status).toBe(201);
      expect((answer.json as { device_tokens: string[] }).device_tokens).toContain(address);
    },
  );

  it.each([
    ['64 hex digits', 'Ab'.repeat(32), 'apns'],
    ['more than 64 characters', 'x'.repeat(140), 'fcm'],
    ['64 other characters', 'y'.repeat(64), 'relay'],
    ['fewer than 64 characters', 'short', 'relay'],
  ])('%s are stored as %s', async (_name, address, kind) => {
    expect((await register(address)).status).toBe(201);
    expect(await kinds(address)).toEqual([{ kind, app: '', environment: '' }]);
  });

  it('a token moves to the account that registers it last', async () => {
    const other = await server.signedIn('other');
    await register('wandering');
    expect((await register('wandering', 'application/json', other.token)).status).toBe(201);
    const profile = await server.call('GET', '/v2/users/user/profile', { token });
    expect((profile.json as { device_tokens: string[] }).device_tokens).not.toContain('wandering');
  });

  it('a token that was gone is new again', async () => {
    await register('back again');
    await server.database.query("update device set gone_at = now() where address = 'back again'");
    expect((await register('back again')).status).toBe(201);
    expect((await register('back again')).status).toBe(200);
  });

  it.each([
    ['2026-11-22T12:38:24.220Z', '2026-11-22T12:38:24.220'],
    ['2026-11-22T12:38:24.000Z', '2026-11-22T12:38:24.000'],
    ['2026-01-02T00:00:00.007Z', '2026-01-02T00:00:00.007'],
  ])('%s has three digits and no zone: %s', (at, shown) => {
    expect(presentTimestamp(new Date(at))).toBe(shown);
  });

  it.each([
    [{}, 'Not authenticated'],
    [{ authorization: 'Basic eDp5' }, 'Not authenticated'],
    [{ authorization: 'Bearer' }, 'Could not validate credentials'],
    [{ authorization: 'Bearer x' }, 'Could not validate credentials'],
    [{ authorization: 'Bearer x y' }, 'Could not validate credentials'],
    [{ authorization: 'Bearer swagger-ui' }, 'Could not validate credentials'],
  ])('%j is answered 401 and shows the login', async (headers, detail) => {
    const answer = await server.call('GET', '/v2/users/user/profile', { headers: { ...headers } });
    expect([answer.status, answer.json, answer.headers.get('www-authenticate')]).toEqual([
      401,
      { detail },
      'Bearer',
    ]);
  });

  it.each(['bearer', 'BEARER', 'Bearer'])('the scheme may be written %s', async (scheme) => {
    const headers = { authorization: `${scheme} ${token}` };
    expect((await server.call('GET', '/v1/users/user/profile', { headers })).status).toBe(200);
  });
});

describe('around the routes', () => {
  let server: NotifyServer;
  beforeAll(async () => {
    server = await startNotifyServer();
  });
  afterAll(() => server.stop());

  it.each([
    ['GET', '/v2/services', '/api/v2/services/'],
    ['POST', '/v1/services', '/api/v1/services/'],
    ['POST', '/v2/services?a=1&b=/x', '/api/v2/services/?a=1&b=/x'],
    ['GET', '/v2/users', '/api/v2/users/'],
    ['POST', '/v2/services/x/notifications/', '/api/v2/services/x/notifications'],
    ['GET', '/v2/users/user/profile/?q', '/api/v2/users/user/profile?q'],
    ['POST', '/v2/login/', '/api/v2/login'],
  ])('%s %s is sent on to %s', async (method, path, location) => {
    const answer = await server.call(method, path);
    expect([answer.status, answer.headers.get('location'), answer.text]).toEqual([307, location, '']);
  });

  it('a client that follows the 307 publishes', async () => {
    const id = await build.service(server.database);
    const answer = await fetch(`${server.origin}/api/v2/services/${id}/notifications/?x=1`, {
      method: 'POST',
      body: JSON.stringify({ title: 'T' }),
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(201);
  });

  it.each([
    ['PUT', '/v2/services/', ['GET', 'POST']],
    ['GET', '/v2/login', ['POST']],
    ['POST', '/v1/users/user/profile', ['GET']],
    ['GET', '/v2/users/5', ['PATCH', 'DELETE']],
    ['OPTIONS', '/v2/users/', ['GET']],
    ['DELETE', '/v2/users/user/notifications', ['GET', 'PATCH']],
    ['POST', '/v2/-/health', ['GET']],
  ])('%s %s is 405 and tells what is allowed', async (method, path, allowed) => {
    const answer = await server.call(method, path);
    expect([answer.status, answer.text]).toEqual([405, '{"detail":"Method Not Allowed"}']);
    expect(answer.headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining(allowed));
  });

  it.each([
    '/v2',
    '/v2/',
    '/v2/nope',
    '/v1/nope/',
    '/v2/services/1/2/3',
    '/v2/users/user/apn-token',
    '/v1/users',
  ])('GET %s is 404', async (path) => {
    const answer = await server.call('GET', path);
    expect([answer.status, answer.text]).toEqual([404, '{"detail":"Not Found"}']);
  });

  it('HEAD answers as GET does, without a body', async () => {
    const answer = await server.call('HEAD', '/v2/-/health');
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});

describe('who may publish', () => {
  let server: NotifyServer;
  let address = '203.0.113.9';
  beforeAll(async () => {
    server = await startNotifyServer({
      people: { publishNetworks: parseNetworks(['10.0.0.0/8']) },
      client: { ...createClient(parseNetworks([])), address: () => address },
    });
  });
  afterAll(() => server.stop());
  const publish = (id: string, given: { json?: object; headers?: Record<string, string> } = {}) =>
    server.call('POST', `/v2/services/${id}/notifications`, { json: { title: 'T' }, ...given });
  const from = (client: string) => {
    address = client;
  };

  it('everybody, to an open service', async () => {
    from('203.0.113.9');
    expect((await publish(await build.service(server.database, { publishPolicy: 'open' }))).status).toBe(201);
  });

  it('the networks, to the others: refused after the body was checked and before the service is looked for', async () => {
    const id = await build.service(server.database, { publishPolicy: 'network' });
    from('203.0.113.9');
    const refused = await publish(id);
    expect([refused.status, refused.text]).toEqual([403, '{"detail":"IP address not allowed"}']);
    expect((await publish(randomUUID())).status).toBe(403);
    expect((await publish(id, { json: {} })).status).toBe(422);
    expect((await publish('1234')).status).toBe(422);
    from('10.1.2.3');
    expect((await publish(id)).status).toBe(201);
    expect((await publish(randomUUID())).status).toBe(404);
  });

  it.each([
    ['Authorization', (key: string) => ({ headers: { authorization: `bearer ${key}` }, query: '' })],
    ['X-Service-Key', (key: string) => ({ headers: { 'x-service-key': key }, query: '' })],
    ['the URL', (key: string) => ({ headers: {}, query: `?key=${key}` })],
  ])('holders of the key in %s, to a service with a key', async (_name, present) => {
    const id = await build.service(server.database, { publishPolicy: 'key' });
    const right = await build.serviceKey(server.database, id);
    from('10.1.2.3');
    const status = async (key: string) => {
      const { headers, query } = present(key);
      const path = `/v2/services/${id}/notifications${query}`;
      return (await server.call('POST', path, { json: { title: 'T' }, headers })).status;
    };
    expect((await publish(id)).status).toBe(403);
    expect(await status('tsk_wrong')).toBe(403);
    expect(await status(right)).toBe(201);
  });
});

describe('when nothing can be stored', () => {
  it('503 with Retry-After', async () => {
    const ingest = { accept: () => Promise.reject(new IngestBusy('full', 7)) };
    const server = await startNotifyServer({ ingest });
    const answer = await server.call('POST', `/v2/services/${randomUUID()}/notifications`, {
      json: { title: 'T' },
    });
    expect([answer.status, answer.text]).toEqual([503, '{"detail":"Service Unavailable"}']);
    expect(answer.headers.get('retry-after')).toBe('7');
    await server.stop();
  });

  it('503 when the database ends the connection under a statement', async () => {
    const server = await startNotifyServer();
    const { token } = await server.signedIn('somebody');
    // Long enough for the login not to be remembered: the account must be read.
    server.clock.advance(1_000);
    const answer = await server.database.transaction(async (connection) => {
      await connection.query('lock table user_account in access exclusive mode');
      const waiting = server.call('GET', '/v2/users/user/profile', { token });
      await vi.waitUntil(async () => {
        const ended = await server.database.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return ended.length > 0;
      }, 10_000);
      return waiting;
    });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await server.call('GET', '/v2/users/user/profile', { token })).status).toBe(200);
    await server.stop();
  });
});
