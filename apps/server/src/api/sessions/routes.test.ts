import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { QueueFull } from '../../lib/batcher.ts';

let server: V3Server;
beforeAll(async () => {
  server = await startV3Server();
});
afterAll(() => server.stop());

let turn = 0;
let username: string;
let user: Person;
beforeEach(async () => {
  username = `user${++turn}`;
  user = await server.signedIn(username);
});

const signIn = (password: string, name = username) =>
  server.call('POST', '/sessions', { json: { username: name, password } });
const me = (token: string) => server.call('GET', '/me', { token });

describe('signing in', () => {
  it('answers a token, when it ends and who it is for', async () => {
    const answer = await signIn(PASSWORD);
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      expiresAt: new Date(Math.floor(server.clock.now() / 1_000) * 1_000 + 30 * 86_400_000).toISOString(),
      user: { id: user.id, username, isAdmin: false, isAuditor: false },
    });
    const { token } = answer.json as { token: string };
    expect((await me(token)).json).toEqual({ id: user.id, username, isAdmin: false, isAuditor: false });
  });

  it('takes the name in any case', async () => {
    expect((await signIn(PASSWORD, username.toUpperCase())).status).toBe(201);
  });

  it('says the same to a wrong password and to an unknown name', async () => {
    const [wrong, unknown] = [await signIn('wrong'), await signIn(PASSWORD, 'nobody')];
    const { requestId: _one, ...first } = wrong.json as Record<string, unknown>;
    const { requestId: _other, ...second } = unknown.json as Record<string, unknown>;
    expect(first).toEqual(second);
    expect(first).toMatchObject({ status: 401, code: 'wrong-credentials' });
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('slows guessing down: 429, how long to wait, and not even the right password goes through early', async () => {
    for (let guess = 0; guess < 10; guess++) expect((await signIn('wrong')).status).toBe(401);
    const answer = await signIn(PASSWORD);
    expect(answer.json).toMatchObject({ status: 429, code: 'too-many-attempts' });
    expect(answer.headers.get('retry-after')).toBe('1');
    server.clock.advance(1_000);
    expect((await signIn(PASSWORD)).status).toBe(201);
  });

  it('says 503 when too many sign in at once, on every version', async () => {
    const signIn = () => Promise.reject(new QueueFull(100));
    const full = await startV3Server({ api: { identity: { ...server.identity, signIn } } });
    try {
      const json = { username, password: PASSWORD };
      const label = 'application/x-www-form-urlencoded';
      const answers = [
        await full.call('POST', '/sessions', { json }),
        await full.request('POST', '/api/v2/login', { text: 'username=a&password=b', label }),
      ];
      for (const { status, headers } of answers)
        expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    } finally {
      await full.stop();
    }
  });

  it('says 403 to an account that is deactivated, and its old login too', async () => {
    await server.database.query('update user_account set is_active = false where id = $1', [user.id]);
    server.identity.forget();
    expect((await signIn(PASSWORD)).json).toMatchObject({ status: 403, code: 'inactive-user' });
    expect((await me(user.token)).json).toMatchObject({ status: 403, code: 'inactive-user' });
  });

  it('never repeats a password, however wrong the request is', async () => {
    for (const text of [
      '{"username":5,"password":["hunter2"]}',
      `{"username":"a","password":"hunter2${'x'.repeat(1_024)}"}`,
      '{"username":"a","password":hunter2}',
      '["hunter2"]',
      '"hunter2"',
      '{"username":"a","password":"hunter2\\u0000"}',
    ]) {
      const answer = await server.call('POST', '/sessions', { text });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.text).not.toContain('hunter2');
    }
  });
});

describe('signing out', () => {
  it('ends this login and no other', async () => {
    const other = (await signIn(PASSWORD)).json as { token: string };
    const answer = await server.call('DELETE', '/sessions/current', { token: user.token });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await me(user.token)).status).toBe(401);
    expect((await me(other.token)).status).toBe(200);
  });

  it('of all others leaves this one', async () => {
    const { token } = (await signIn(PASSWORD)).json as { token: string };
    expect((await server.call('DELETE', '/sessions/others', { token })).status).toBe(204);
    expect([(await me(user.token)).status, (await me(token)).status]).toEqual([401, 200]);
  });

  it('everywhere ends all of them', async () => {
    const other = (await signIn(PASSWORD)).json as { token: string };
    expect((await server.call('DELETE', '/sessions', { token: user.token })).status).toBe(204);
    for (const token of [user.token, other.token]) expect((await me(token)).status).toBe(401);
  });
});

describe('changing the password', () => {
  const change = (current: string, next: string) =>
    server.call('PUT', '/me/password', { token: user.token, json: { current, next } });

  it('works, keeps this login and ends the others', async () => {
    const other = (await signIn(PASSWORD)).json as { token: string };
    expect((await change(PASSWORD, 'another horse')).status).toBe(204);
    expect((await me(user.token)).status).toBe(200);
    expect((await me(other.token)).status).toBe(401);
    expect((await signIn(PASSWORD)).status).toBe(401);
    expect((await signIn('another horse')).status).toBe(201);
  });

  it('needs the current one', async () => {
    const answer = await change('wrong', 'another horse');
    expect(answer.json).toMatchObject({
      status: 401,
      code: 'wrong-credentials',
      field: 'body.current',
      faults: [{ field: 'body.current', rule: 'is not the current password' }],
    });
    expect((await signIn(PASSWORD)).status).toBe(201);
  });
});
