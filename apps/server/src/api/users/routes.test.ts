import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';

let server: V3Server;
let admin: Person;
beforeAll(async () => {
  server = await startV3Server();
  admin = await server.signedIn('boss', true);
});
afterAll(() => server.stop());

let turn = 0;
const call = (method: string, path: string, json?: object, token = admin.token) =>
  server.call(method, path, { token, ...(json && { json }) });
const create = async (given: object = {}) => {
  const username = `person${++turn}`;
  const answer = await call('POST', '/users', { username, ...given });
  expect(answer.status).toBe(201);
  return answer.json as { id: number; username: string; password?: string };
};
const signIn = async (username: string, password: string) =>
  server.call('POST', '/sessions', { json: { username, password } });

describe('creating a user', () => {
  it('with a password: it signs in with it, and the answer does not repeat it', async () => {
    const user = await create({ username: 'Ada', password: 'analytical engine' });
    expect(user).toMatchObject({ username: 'ada', isActive: true, isAdmin: false, firstLoginAt: null });
    expect(user).not.toHaveProperty('password');
    expect((await signIn('ADA', 'analytical engine')).status).toBe(201);
  });

  it('without one: the server makes it and shows it once', async () => {
    const { id, username, password = '' } = await create();
    expect(password.length).toBeGreaterThanOrEqual(16);
    expect((await signIn(username, password)).status).toBe(201);
    const { items } = (await call('GET', '/users?limit=500')).json as { items: { id: number }[] };
    expect(items.find((one) => one.id === id)).not.toHaveProperty('password');
  });

  it('whose name is taken, in whatever case, is 409', async () => {
    const { username } = await create();
    const answer = await call('POST', '/users', { username: username.toUpperCase() });
    expect(answer.json).toMatchObject({ status: 409, code: 'user-exists' });
  });

  it.each([
    ['no name', {}, 'body.username'],
    ['an empty name', { username: '' }, 'body.username'],
    ['a short password', { username: 'x', password: 'short' }, 'body.password'],
    ['a word for a flag', { username: 'x', isAdmin: 'yes' }, 'body.isAdmin'],
  ])('with %s is 422 and names the field', async (_name, json, field) => {
    expect((await call('POST', '/users', json)).json).toMatchObject({ status: 422, field });
  });
});

it('the list comes in pages, by name', async () => {
  for (let count = 0; count < 3; count++) await create();
  const names: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const path: string = `/users?limit=2&cursor=${encodeURIComponent(cursor)}`;
    const page = (await call('GET', path)).json as {
      items: { username: string }[];
      nextCursor: string | null;
    };
    names.push(...page.items.map(({ username }) => username));
    cursor = page.nextCursor;
  }
  const rows = await server.database.query<{ username: string }>('select username from user_account');
  expect(names).toEqual([...names].sort());
  expect(names).toHaveLength(rows.length);
});

describe('changing a user', () => {
  it('a new password ends the logins there are', async () => {
    const user = await create({ password: 'the first one' });
    const { token } = (await signIn(user.username, 'the first one')).json as { token: string };
    expect((await call('PATCH', `/users/${user.id}`, { password: 'the second one' })).status).toBe(200);
    expect((await call('GET', '/me', undefined, token)).status).toBe(401);
    expect((await signIn(user.username, 'the first one')).status).toBe(401);
    expect((await signIn(user.username, 'the second one')).status).toBe(201);
  });

  it('deactivating ends them too, and reactivating lets in again', async () => {
    const user = await create({ password: 'in and out' });
    const { token } = (await signIn(user.username, 'in and out')).json as { token: string };
    const changed = await call('PATCH', `/users/${user.id}`, { isActive: false });
    expect(changed.json).toMatchObject({ isActive: false });
    expect([401, 403]).toContain((await call('GET', '/me', undefined, token)).status);
    expect((await signIn(user.username, 'in and out')).status).toBe(403);
    await call('PATCH', `/users/${user.id}`, { isActive: true });
    expect((await signIn(user.username, 'in and out')).status).toBe(201);
  });

  it('an administrator made is one at once', async () => {
    const user = await create({ password: 'climbing up' });
    const { token } = (await signIn(user.username, 'climbing up')).json as { token: string };
    expect((await call('GET', '/users', undefined, token)).status).toBe(403);
    await call('PATCH', `/users/${user.id}`, { isAdmin: true });
    expect((await call('GET', '/users', undefined, token)).status).toBe(200);
    await call('PATCH', `/users/${user.id}`, { isAdmin: false });
  });

  it.each([
    ['nothing', {}],
    ['something unknown', { username: 'other' }],
  ])('%s is 422', async (_name, json) => {
    expect((await call('PATCH', `/users/${admin.id}`, json)).status).toBe(422);
  });
});

describe('the last administrator', () => {
  it.each([
    ['deactivate', 'PATCH', { isActive: false }],
    ['demote', 'PATCH', { isAdmin: false }],
    ['delete', 'DELETE', undefined],
  ])('cannot %s himself', async (_name, method, json) => {
    const answer = await call(method, `/users/${admin.id}`, json);
    expect(answer.json).toMatchObject({ status: 409, code: 'last-administrator' });
    expect((await call('GET', '/users')).status).toBe(200);
  });

  it('is still there when two administrators demote each other at the same moment', async () => {
    const other = await server.signedIn('deputy', true);
    const answers = await Promise.all([
      call('PATCH', `/users/${other.id}`, { isAdmin: false }),
      call('PATCH', `/users/${admin.id}`, { isAdmin: false }, other.token),
    ]);
    expect(answers.map(({ status }) => status).sort()).not.toEqual([200, 200]);
    await server.database.query('update user_account set is_admin = (id = $1)', [admin.id]);
  });
});

it('deleting removes the user with everything of theirs', async () => {
  const user = await create({ password: 'soon forgotten' });
  const { token } = (await signIn(user.username, 'soon forgotten')).json as { token: string };
  await call('POST', '/devices', { kind: 'mqtt' }, token);
  expect((await call('DELETE', `/users/${user.id}`)).status).toBe(204);
  expect((await call('GET', '/me', undefined, token)).status).toBe(401);
  const devices = await server.database.query('select 1 from device where user_id = $1', [user.id]);
  expect(devices).toEqual([]);
  expect((await call('DELETE', `/users/${user.id}`)).json).toMatchObject({ status: 404 });
});

it.each([
  ['GET', '/users'],
  ['POST', '/users'],
  ['PATCH', '/users/1'],
  ['DELETE', '/users/1'],
])('%s %s is for administrators', async (method, path) => {
  const user = await server.signedIn('nobody');
  const json = method === 'POST' ? { username: 'x' } : method === 'PATCH' ? { isAdmin: true } : undefined;
  expect((await call(method, path, json, user.token)).status).toBe(403);
  expect((await server.call(method, path, json && { json })).status).toBe(401);
});
