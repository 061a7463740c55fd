import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { FREE_FAILURES } from '../../identity/throttle.ts';

interface Link {
  readonly url: string;
  readonly code: string;
  readonly expiresAt: string;
  readonly qr: string;
  readonly user: { readonly id: number; readonly username: string };
}
interface Session {
  readonly token: string;
  readonly user: { readonly id: number };
  readonly device?: { readonly id: number; readonly mqtt?: { readonly password?: string } };
}

let server: V3Server;
let admin: Person;
beforeAll(async () => {
  server = await startV3Server();
  admin = await server.signedIn('boss', true);
});
afterAll(() => server.stop());

let turn = 0;
let username: string;
beforeEach(() => {
  username = `person${++turn}`;
});

const call = (method: string, path: string, json?: object, token: string | undefined = admin.token) =>
  server.call(method, path, { token, ...(json && { json }) });
const open = (path: string, json: object) => server.call('POST', `/one-time-codes/${path}`, { json });
const invite = async (more: object = {}) => {
  const answer = await call('POST', '/invitations', { username, ...more });
  expect(answer.status).toBe(201);
  return answer.json as Link;
};
const pair = async (person: Person) =>
  (await call('POST', '/me/pairings', undefined, person.token)).json as Link;
const reset = async (id: number) => (await call('POST', `/users/${id}/reset-link`)).json as Link;
const signIn = (password: string) => server.call('POST', '/sessions', { json: { username, password } });
const audited = async (action: string) => {
  const { items } = (await call('GET', `/audit?action=${action}&limit=1`)).json as { items: object[] };
  return items[0];
};
const NEW = 'a password of my own';

describe('an invitation', () => {
  it('makes an account without a password, and a link with its picture', async () => {
    const { url, code, qr, expiresAt, user } = await invite({ username: 'Grace', isAuditor: true });
    expect(url).toBe(`${server.origin}/welcome#${code}`);
    expect(qr).toMatch(/^<svg [^>]+>.*<\/svg>$/s);
    expect(qr).not.toMatch(/<script|\bon\w+=|href/i);
    expect(Date.parse(expiresAt) - server.clock.now()).toBe(7 * 86_400_000);
    expect(user).toMatchObject({ username: 'grace', isAuditor: true, isAdmin: false, firstLoginAt: null });
    expect(user).not.toHaveProperty('password');
    expect(await audited('invitation.create')).toMatchObject({ actorName: 'boss', subjectName: 'grace' });
  });

  it('stands at the public address of the server when there is one', async () => {
    const there = await startV3Server({ api: { publicUrl: 'https://push.example.org/' } });
    try {
      const { token } = await there.signedIn('boss', true);
      const { url } = (await there.call('POST', '/me/pairings', { token })).json as Link;
      expect(url).toMatch(/^https:\/\/push\.example\.org\/welcome#[\w-]{32}$/);
    } finally {
      await there.stop();
    }
  });

  it('says whose it is, and signs in with the password that is chosen', async () => {
    const { code, expiresAt, user } = await invite();
    expect((await open('look', { code })).json).toEqual({ purpose: 'invitation', username, expiresAt });
    const answer = await open('use', { code, password: NEW, device: 'Pixel' });
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ user: { id: user.id, username } });
    const { token } = answer.json as Session;
    const { items } = (await call('GET', '/sessions', undefined, token)).json as { items: object[] };
    expect(items).toMatchObject([{ device: 'Pixel', isCurrent: true }]);
    expect((await signIn(NEW)).status).toBe(201);
    expect(await audited('invitation.use')).toMatchObject({
      actorName: username,
      after: { password: 'changed' },
    });
  });

  it('signs a browser in with a cookie', async () => {
    const answer = await open('use', { code: (await invite()).code, password: NEW, cookie: true });
    expect(answer.json).not.toHaveProperty('token');
    expect(answer.headers.get('set-cookie')).toMatch(/^tocsin=.*HttpOnly/);
  });

  it('makes the person a member of the groups', async () => {
    const { id } = (await call('POST', '/groups', { name: `group of ${username}` })).json as { id: number };
    const { user } = await invite({ groupIds: [id] });
    const { people } = (await call('GET', `/groups/${id}`)).json as { people: object[] };
    expect(people).toEqual([{ id: user.id, username }]);
  });

  it('to a group that is unknown or decided elsewhere makes no account', async () => {
    const unknown = await call('POST', '/invitations', { username, groupIds: [987_654_321] });
    expect(unknown.json).toMatchObject({ status: 422, field: 'body.groupIds' });
    const external = { name: `ldap ${username}`, source: 'ldap', externalName: `cn=${username}` };
    const { id } = (await call('POST', '/groups', external)).json as { id: number };
    const elsewhere = await call('POST', '/invitations', { username, groupIds: [id] });
    expect(elsewhere.json).toMatchObject({ status: 409, code: 'external-group' });
    expect((await call('POST', '/invitations', { username })).status).toBe(201);
  });

  it('of a name that is taken is 409', async () => {
    await invite();
    const again = await call('POST', '/invitations', { username: username.toUpperCase() });
    expect(again.json).toMatchObject({ status: 409, code: 'user-exists' });
  });

  it('is sent again: the earlier link ends', async () => {
    const first = await invite();
    const answer = await call('POST', `/users/${first.user.id}/invitation`);
    expect(answer.status).toBe(201);
    expect((await open('look', { code: first.code })).json).toMatchObject({
      status: 410,
      code: 'expired-code',
    });
    expect((await open('look', { code: (answer.json as Link).code })).status).toBe(200);
  });

  it('is not sent to somebody who has a password, is deactivated or not there', async () => {
    const { id } = await server.signedIn(username);
    expect((await call('POST', `/users/${id}/invitation`)).json).toMatchObject({ code: 'has-password' });
    await call('PATCH', `/users/${id}`, { isActive: false });
    expect((await call('POST', `/users/${id}/invitation`)).json).toMatchObject({ code: 'inactive-user' });
    expect((await call('POST', '/users/987654321/invitation')).status).toBe(404);
  });
});

describe('a reset', () => {
  it('sets the password, ends all other logins and every other link', async () => {
    const person = await server.signedIn(username);
    const [pairing, earlier, { code }] = [await pair(person), await reset(person.id), await reset(person.id)];
    const { token } = (await open('use', { code, password: NEW })).json as Session;
    expect((await call('GET', '/me', undefined, person.token)).status).toBe(401);
    expect((await call('GET', '/me', undefined, token)).status).toBe(200);
    expect([(await signIn(PASSWORD)).status, (await signIn(NEW)).status]).toEqual([401, 201]);
    for (const { code } of [pairing, earlier])
      expect((await open('look', { code })).json).toMatchObject({ code: 'expired-code' });
  });

  it('lasts an hour', async () => {
    const { id } = await server.signedIn(username);
    const { expiresAt } = await reset(id);
    expect(Date.parse(expiresAt) - server.clock.now()).toBe(3_600_000);
  });

  it('is not made for an account that another server vouches for, nor used by one since', async () => {
    const { id } = await server.signedIn(username);
    const { code } = await reset(id);
    await server.database.query("update user_account set origin = 'ldap' where id = $1", [id]);
    const answer = await call('POST', `/users/${id}/reset-link`);
    expect(answer.json).toMatchObject({ status: 409, code: 'password-elsewhere' });
    const used = await open('use', { code, password: NEW });
    expect(used.json).toMatchObject({ status: 409, code: 'password-elsewhere' });
  });
});

describe('a pairing', () => {
  it('signs a phone in and registers it, within five minutes', async () => {
    const person = await server.signedIn(username);
    const { code, expiresAt } = await pair(person);
    expect(Date.parse(expiresAt) - server.clock.now()).toBe(5 * 60_000);
    const register = { kind: 'apns', address: 'ab'.repeat(32), app: 'org.example.app', name: 'my phone' };
    const answer = await open('use', { code, register });
    expect(answer.status).toBe(201);
    const { user, device } = answer.json as Session;
    expect(user.id).toBe(person.id);
    expect(device).toMatchObject({ kind: 'apns', name: 'my phone' });
    expect(JSON.stringify(device)).not.toContain('abab');
    const { items } = (await call('GET', '/devices', undefined, person.token)).json as { items: object[] };
    expect(items).toMatchObject([{ id: device?.id }]);
    expect(await audited('device.register')).toMatchObject({ actorName: username, after: { kind: 'apns' } });
  });

  it('tells an mqtt device its password', async () => {
    const { code } = await pair(await server.signedIn(username));
    const { device } = (await open('use', { code, register: { kind: 'mqtt' } })).json as Session;
    expect(device?.mqtt?.password).toMatch(/^[\w-]{43}$/);
  });

  it('that is replayed is refused and audited, and told from a guess', async () => {
    const { code } = await pair(await server.signedIn(username));
    expect((await open('use', { code })).status).toBe(201);
    const replayed = await open('use', { code });
    expect(replayed.json).toMatchObject({ status: 410, code: 'used-code' });
    expect(await audited('pairing.use')).toMatchObject({
      outcome: 'refused',
      actor: 'anonymous',
      address: '127.0.0.1',
      subjectName: username,
      detail: 'the code was used before',
    });
    expect((await open('use', { code: 'guessed' })).json).toMatchObject({
      status: 404,
      code: 'unknown-code',
    });
    expect(await audited('one-time-code.use')).toMatchObject({ outcome: 'refused', detail: 'no such code' });
  });

  it('with a password, or a device that cannot be pushed to, is 422 and may be tried again', async () => {
    const { code } = await pair(await server.signedIn(username));
    expect((await open('use', { code, password: NEW })).json).toMatchObject({ field: 'body.password' });
    const register = { kind: 'apns', address: 'not hex' };
    const answer = await open('use', { code, register });
    expect(answer.json).toMatchObject({ status: 422, field: 'body.register.address' });
    expect((await open('use', { code })).status).toBe(201);
  });

  it('is made by a person that signed in, not by a key', async () => {
    const person = await server.signedIn(username);
    const key = { name: 'k', scopes: ['admin'] };
    const made = (await call('POST', '/me/keys', key, person.token)).json as { key: string };
    const answer = await call('POST', '/me/pairings', undefined, made.key);
    expect(answer.json).toMatchObject({ status: 403, code: 'not-allowed' });
  });

  it('ends with the logins, one of which may have made it', async () => {
    const person = await server.signedIn(username);
    const { code } = await pair(person);
    await call('DELETE', '/sessions', undefined, person.token);
    expect((await open('use', { code })).json).toMatchObject({ code: 'expired-code' });
  });
});

describe('a code is worth nothing', () => {
  it('without the password that it needs, but stays', async () => {
    const { code } = await invite();
    expect((await open('use', { code })).json).toMatchObject({ status: 422, field: 'body.password' });
    const short = await open('use', { code, password: 'short' });
    expect(short.json).toMatchObject({ status: 422, field: 'body.password' });
    expect((await open('use', { code, password: NEW })).status).toBe(201);
  });

  it('of somebody who is deactivated, also after the account is active again', async () => {
    const { code, user } = await invite();
    await call('PATCH', `/users/${user.id}`, { isActive: false });
    expect((await open('use', { code, password: NEW })).json).toMatchObject({ code: 'inactive-user' });
    await call('PATCH', `/users/${user.id}`, { isActive: true });
    expect((await open('use', { code, password: NEW })).json).toMatchObject({ code: 'expired-code' });
  });

  it('of somebody who is deleted', async () => {
    const { code, user } = await invite();
    await call('DELETE', `/users/${user.id}`);
    expect((await open('use', { code, password: NEW })).json).toMatchObject({ code: 'unknown-code' });
  });
});

it('guesses are slowed down, per address', async () => {
  const there = await startV3Server();
  try {
    const { token } = await there.signedIn('ada');
    const { code } = (await there.call('POST', '/me/pairings', { token })).json as Link;
    const guess = (given: string) => there.call('POST', '/one-time-codes/look', { json: { code: given } });
    for (let count = 0; count < FREE_FAILURES.address; count++)
      expect((await guess(`no${count}`)).status).toBe(404);
    const slowed = await guess(code);
    expect(slowed.json).toMatchObject({ status: 429, code: 'too-many-attempts' });
    expect(slowed.headers.get('retry-after')).toBe('1');
    there.clock.advance(1_000);
    expect((await guess(code)).status).toBe(200);
  } finally {
    await there.stop();
  }
});

it('no code stands in the audit log', async () => {
  const { code } = await invite();
  await open('use', { code, password: NEW });
  await open('use', { code, password: NEW });
  expect((await call('GET', '/audit/export')).text).not.toContain(code);
});
