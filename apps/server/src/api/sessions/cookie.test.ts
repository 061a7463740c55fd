import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { parseNetworks } from '../../lib/network.ts';
import { createClient } from '../edge/client.ts';

let server: V3Server;
let ada: Person;
beforeAll(async () => {
  // A proxy on this machine that speaks HTTPS to the outside.
  server = await startV3Server({ api: { client: createClient(parseNetworks(['127.0.0.1'])) } });
  ada = await server.signedIn('ada');
});
afterAll(() => server.stop());

const HTTPS = { 'x-forwarded-proto': 'https' };
const signIn = async (headers: Record<string, string> = {}) => {
  const json = { username: 'ada', password: PASSWORD, cookie: true };
  const answer = await server.call('POST', '/sessions', { json, headers });
  expect(answer.status).toBe(201);
  const set = answer.headers.get('set-cookie') ?? '';
  return { set, cookie: set.split(';')[0] ?? '', session: answer.json as { token?: string } };
};

describe('a login in a cookie', () => {
  it('is not in the answer, and no script can read it', async () => {
    const { set, session } = await signIn();
    expect(session.token).toBeUndefined();
    expect(set).toMatch(/^tocsin=[\w.-]+; Expires=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  it('is bound to this host and to HTTPS where the page came by HTTPS', async () => {
    const { set, cookie } = await signIn(HTTPS);
    expect(set).toMatch(/^__Host-tocsin=[\w.-]+; Expires=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    expect((await server.call('GET', '/me', { headers: { ...HTTPS, cookie } })).status).toBe(200);
    const planted = cookie.replace('__Host-', '');
    expect((await server.call('GET', '/me', { headers: { ...HTTPS, cookie: planted } })).status).toBe(401);
  });

  it('recognises who asks, among other cookies', async () => {
    const { cookie } = await signIn();
    const headers = { cookie: `theme=dark; ${cookie}; x=tocsin=y` };
    expect((await server.call('GET', '/me', { headers })).json).toMatchObject({ username: 'ada' });
  });

  it('gives way to an Authorization header', async () => {
    const { cookie } = await signIn();
    const answer = await server.call('GET', '/me', { token: 'wrong', headers: { cookie } });
    expect(answer.status).toBe(401);
  });

  it('is forgotten by the browser and by the server when it signs out', async () => {
    const { cookie } = await signIn();
    const headers = { cookie, 'sec-fetch-site': 'same-origin' };
    const answer = await server.call('DELETE', '/sessions/current', { headers });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([
      204,
      'tocsin=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
    ]);
    expect((await server.call('GET', '/me', { headers: { cookie } })).status).toBe(401);
  });

  it.each([
    ['a page of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 403],
    ['a neighbour on the same site', { 'sec-fetch-site': 'same-site' }, 403],
    ['another site that an older browser names', { origin: 'https://evil.example' }, 403],
    ['a sandboxed frame', { origin: 'null' }, 403],
    ['something that says neither', {}, 403],
    ['a page of this server', { 'sec-fetch-site': 'same-origin' }, 204],
    ['a page of this server in an older browser', { origin: 'SELF' }, 204],
  ] as const)('changes something for %s: %j', async (_who, said, status) => {
    const { cookie } = await signIn();
    const headers = Object.fromEntries(
      Object.entries({ cookie, ...said }).map(([name, value]) => [
        name,
        value === 'SELF' ? server.origin : value,
      ]),
    );
    const answer = await server.call('POST', '/inbox/mark-all-read', { headers });
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.json).toMatchObject({ code: 'cross-site' });
  });

  it('a login by header needs no such proof: no browser sends it by itself', async () => {
    const headers = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };
    const answer = await server.call('POST', '/inbox/mark-all-read', { token: ada.token, headers });
    expect(answer.status).toBe(204);
  });
});

describe('the own logins', () => {
  it('are listed with device, address and last use, and ended one by one', async () => {
    const bob = await server.signedIn('bob');
    const json = { username: 'bob', password: PASSWORD, device: 'Kitchen tablet' };
    const other = (await server.call('POST', '/sessions', { json })).json as { token: string };
    const list = async (token: string) =>
      ((await server.call('GET', '/sessions', { token })).json as { items: Session[] }).items;
    const [tablet] = (await list(bob.token)).filter(({ device }) => device === 'Kitchen tablet');
    expect(tablet).toMatchObject({ address: '127.0.0.1', isCurrent: false });
    server.clock.advance(60_000);
    await server.call('GET', '/me', { token: other.token });
    await server.drain();
    const used = (await list(bob.token)).find(({ id }) => id === tablet?.id);
    expect(used?.lastUsedAt).toBe(new Date(server.clock.now()).toISOString());
    expect((await list(other.token)).find(({ isCurrent }) => isCurrent)?.id).toBe(tablet?.id);

    const end = (token: string) => server.call('DELETE', `/sessions/${tablet?.id}`, { token });
    expect((await end(ada.token)).status).toBe(404);
    expect((await end(bob.token)).status).toBe(204);
    expect((await server.call('GET', '/me', { token: other.token })).status).toBe(401);
    expect((await list(bob.token)).every(({ isCurrent }) => isCurrent)).toBe(true);
  });

  it('of somebody else are listed and ended by an administrator', async () => {
    const [boss, carl] = [await server.signedIn('boss', true), await server.signedIn('carl')];
    const sessions = `/users/${carl.id}/sessions`;
    const { items } = (await server.call('GET', sessions, { token: boss.token })).json as {
      items: Session[];
    };
    expect(items).toHaveLength(1);
    const one = `${sessions}/${items[0]?.id}`;
    expect((await server.call('DELETE', one, { token: boss.token })).status).toBe(204);
    expect((await server.call('DELETE', one, { token: boss.token })).status).toBe(404);
    const again = await server.signedIn('carl');
    expect((await server.call('DELETE', sessions, { token: boss.token })).status).toBe(204);
    expect((await server.call('GET', '/me', { token: again.token })).status).toBe(401);
    const nobody = await server.call('DELETE', '/users/999999/sessions', { token: boss.token });
    expect(nobody.status).toBe(404);
  });
});

interface Session {
  readonly id: string;
  readonly device: string;
  readonly lastUsedAt: string;
  readonly isCurrent: boolean;
}

describe('changing the password', () => {
  it('is slowed like signing in, when the current one is guessed', async () => {
    const dora = await server.signedIn('dora');
    const change = (current: string) =>
      server.call('PUT', '/me/password', { token: dora.token, json: { current, next: 'long enough' } });
    for (let count = 0; count < 10; count++) expect((await change('guess')).status).toBe(401);
    const slowed = await change(PASSWORD);
    expect([slowed.status, Number(slowed.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
  });
});
