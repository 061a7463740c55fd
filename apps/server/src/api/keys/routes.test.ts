import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';

let server: V3Server;
let admin: Person;
let ada: Person;
let serviceId: string;
beforeAll(async () => {
  // Nobody publishes for being nearby.
  server = await startV3Server({ networks: ['192.0.2.0/24'] });
  admin = await server.signedIn('boss', true);
  ada = await server.signedIn('ada');
  serviceId = await build.service(server.database, { publishPolicy: 'key' });
});
afterAll(() => server.stop());

interface Key {
  readonly id: number;
  readonly key: string;
  readonly prefix: string;
  readonly expiresAt: string | null;
  readonly replacedBy: number | null;
}
const call = (method: string, path: string, json?: object, token = admin.token) =>
  server.call(method, path, { token, ...(json && { json }) });
const make = async (path: string, json: object, token = admin.token) => {
  const answer = await call('POST', path, json, token);
  expect(answer.status).toBe(201);
  return answer.json as Key;
};
const ofService = () => `/services/${serviceId}/keys`;
const publish = async (key: string, id = serviceId) =>
  (await server.call('POST', `/services/${id}/notifications`, { token: key, json: { title: 't' } })).status;
const listed = async (path: string, token = admin.token) =>
  ((await call('GET', path, undefined, token)).json as { items: Key[] }).items;
const inSeconds = (seconds: number) => new Date(server.clock.now() + seconds * 1_000).toISOString();

describe('a key', () => {
  it('is shown once, and is kept as its hash and its beginning', async () => {
    const key = await make(ofService(), { name: 'PLC 7' });
    expect(key.key).toMatch(/^tsk_[\w-]{43}$/);
    const [found] = (await listed(ofService())).filter(({ id }) => id === key.id);
    expect(found).toMatchObject({ name: 'PLC 7', prefix: key.key.slice(0, 10), scopes: ['publish'] });
    expect(found).not.toHaveProperty('key');
    const [row] = await server.database.query<{ row: string }>(
      'select row_to_json(k)::text as row from access_key k where id = $1',
      [key.id],
    );
    expect(row?.row).not.toContain(key.key.slice(10));
  });

  it('works until it expires', async () => {
    const key = await make(ofService(), { name: 'k', expiresAt: inSeconds(60) });
    expect(await publish(key.key)).toBe(201);
    server.clock.advance(60_000);
    expect(await publish(key.key)).toBe(403);
  });

  it('that would have expired already is refused', async () => {
    const answer = await call('POST', ofService(), { name: 'k', expiresAt: inSeconds(-1) });
    expect(answer.json).toMatchObject({ status: 422, field: 'body.expiresAt' });
  });

  it('ends when it is revoked, at once', async () => {
    const key = await make(ofService(), { name: 'k' });
    expect(await publish(key.key)).toBe(201);
    expect((await call('DELETE', `${ofService()}/${key.id}`)).status).toBe(204);
    expect(await publish(key.key)).toBe(403);
    expect((await call('DELETE', `${ofService()}/${key.id}`)).status).toBe(404);
  });

  it('that is rotated works beside the new one for the overlap, and then no more', async () => {
    const old = await make(ofService(), { name: 'k' });
    const path = `${ofService()}/${old.id}/rotation`;
    const next = await make(path, { overlapSeconds: 600 });
    expect([await publish(old.key), await publish(next.key)]).toEqual([201, 201]);
    const [kept] = (await listed(ofService())).filter(({ id }) => id === old.id);
    expect(kept).toMatchObject({ replacedBy: next.id, expiresAt: inSeconds(600) });
    server.clock.advance(600_000);
    expect([await publish(old.key), await publish(next.key)]).toEqual([403, 201]);
  });

  it('that is rotated without an overlap ends now, and never lives longer than it would have', async () => {
    const [old, short] = [
      await make(ofService(), { name: 'k' }),
      await make(ofService(), { name: 'k', expiresAt: inSeconds(60) }),
    ];
    await make(`${ofService()}/${old.id}/rotation`, { overlapSeconds: 0 });
    expect(await publish(old.key)).toBe(403);
    await make(`${ofService()}/${short.id}/rotation`, { overlapSeconds: 3_600 });
    server.clock.advance(60_000);
    expect(await publish(short.key)).toBe(403);
  });

  it('tells when and from where it was used last', async () => {
    const key = await make(ofService(), { name: 'k' });
    await publish(key.key);
    await server.drain();
    const [found] = (await listed(ofService())).filter(({ id }) => id === key.id);
    expect(found).toMatchObject({ lastUsedAt: inSeconds(0), lastAddress: '127.0.0.1' });
  });

  it('of a service is nobody: it reads nothing', async () => {
    const { key } = await make(ofService(), { name: 'k' });
    for (const path of ['/me', '/inbox', '/services', '/stats', '/users'])
      expect((await call('GET', path, undefined, key)).json).toMatchObject({ code: 'not-allowed' });
  });
});

describe('a personal key', () => {
  const personal = (scopes: string[], more: object = {}, token = admin.token) =>
    make('/me/keys', { name: 'k', scopes, ...more }, token);

  it('with `read` reads what its person may, and changes nothing', async () => {
    const { key } = await personal(['read']);
    expect((await call('GET', '/me', undefined, key)).json).toMatchObject({ username: 'boss' });
    expect((await call('GET', '/users', undefined, key)).status).toBe(200);
    expect((await call('POST', '/users', { username: 'x' }, key)).status).toBe(403);
    expect((await call('POST', '/inbox/mark-all-read', undefined, key)).status).toBe(403);
    expect(await publish(key)).toBe(403);
    const hers = await personal(['read'], {}, ada.token);
    expect((await call('GET', '/users', undefined, hers.key)).status).toBe(403);
  });

  it('with `publish` publishes where its person may, to the listed services only', async () => {
    const other = await build.service(server.database, { publishPolicy: 'key' });
    const limited = await personal(['publish'], { serviceIds: [serviceId] });
    expect([await publish(limited.key), await publish(limited.key, other)]).toEqual([201, 403]);
    const anywhere = await personal(['publish']);
    expect(await publish(anywhere.key, other)).toBe(201);
    const hers = await personal(['publish'], {}, ada.token);
    expect(await publish(hers.key)).toBe(403);
    await call('PUT', `/services/${serviceId}/owners/${ada.id}`);
    expect(await publish(hers.key)).toBe(201);
  });

  it('with `admin` does what its person may, but makes no keys and ends no logins', async () => {
    const { key } = await personal(['admin']);
    expect((await call('POST', '/users', { username: 'made by key' }, key)).status).toBe(201);
    for (const [method, path, json] of [
      ['POST', '/me/keys', { name: 'k', scopes: ['admin'] }],
      ['GET', '/sessions', undefined],
      ['DELETE', '/sessions', undefined],
      ['PUT', '/me/password', { current: 'x', next: 'long enough' }],
    ] as const)
      expect((await call(method, path, json, key)).json).toMatchObject({ code: 'not-allowed' });
  });

  it('loses what its person loses, and ends with it', async () => {
    const carl = await server.signedIn('carl', true);
    const { key } = await personal(['admin'], {}, carl.token);
    expect((await call('GET', '/users', undefined, key)).status).toBe(200);
    await call('PATCH', `/users/${carl.id}`, { isAdmin: false });
    expect((await call('GET', '/users', undefined, key)).status).toBe(403);
    await call('PATCH', `/users/${carl.id}`, { isActive: false });
    expect((await call('GET', '/me', undefined, key)).status).toBe(401);
    await call('DELETE', `/users/${carl.id}`);
    expect((await call('GET', '/me', undefined, key)).status).toBe(401);
  });

  it('is listed, rotated and revoked by its person, and revoked by an administrator', async () => {
    const old = await personal(['read'], {}, ada.token);
    const next = await make(`/me/keys/${old.id}/rotation`, { overlapSeconds: 0 }, ada.token);
    expect((await call('GET', '/me', undefined, old.key)).status).toBe(401);
    expect((await listed('/me/keys', ada.token)).map(({ id }) => id)).toContain(next.id);
    expect((await listed(`/users/${ada.id}/keys`)).map(({ id }) => id)).toContain(next.id);
    expect((await call('DELETE', `/me/keys/${next.id}`)).status).toBe(404);
    expect((await call('DELETE', `/users/${ada.id}/keys/${next.id}`)).status).toBe(204);
    expect((await call('GET', '/me', undefined, next.key)).status).toBe(401);
    const last = await personal(['read'], {}, ada.token);
    expect((await call('DELETE', `/me/keys/${last.id}`, undefined, ada.token)).status).toBe(204);
  });

  it.each([
    ['no scope', { scopes: [] }, 'body.scopes'],
    ['an unknown scope', { scopes: ['root'] }, 'body.scopes.0'],
    ['no name', { name: '', scopes: ['read'] }, 'body.name'],
    ['a service that is no UUID', { scopes: ['publish'], serviceIds: ['x'] }, 'body.serviceIds.0'],
    ['no service at all', { scopes: ['publish'], serviceIds: [] }, 'body.serviceIds'],
    ['a time that is none', { scopes: ['read'], expiresAt: 'tomorrow' }, 'body.expiresAt'],
  ])('with %s is refused', async (_name, json, field) => {
    expect((await call('POST', '/me/keys', { name: 'k', ...json })).json).toMatchObject({
      status: 422,
      field,
    });
  });
});
