import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';

let server: V3Server;
let admin: Person;
beforeAll(async () => {
  server = await startV3Server({ networks: ['192.0.2.0/24'] });
  admin = await server.signedIn('boss', true);
});
afterAll(() => server.stop());

interface Entry {
  readonly id: number;
  readonly action: string;
  readonly outcome: string;
  readonly actor: string;
  readonly actorName: string;
  readonly subjectName: string;
  readonly before: object | null;
  readonly after: object | null;
  readonly detail: string | null;
  readonly times: number;
}
const call = (method: string, path: string, json?: object, token: string | undefined = admin.token) =>
  server.call(method, path, { token, ...(json && { json }) });
const list = async (query: string) => {
  const answer = await call('GET', `/audit?${query}`);
  expect(answer.status).toBe(200);
  return (answer.json as { items: Entry[] }).items;
};
const newest = async (action: string) => {
  const [entry] = await list(`action=${action}&limit=1`);
  if (!entry) throw new Error(`nothing about ${action}`);
  return entry;
};

describe('a change is written with who, from where, and what was before and after', () => {
  it('of a user: its password only as changed', async () => {
    const { id } = (await call('POST', '/users', { username: 'ada', password: 'first secret' })).json as {
      id: number;
    };
    await call('PATCH', `/users/${id}`, { isAdmin: true, password: 'second secret' });
    expect(await newest('user.change')).toMatchObject({
      actor: 'user',
      actorName: 'boss',
      address: '127.0.0.1',
      node: 'test',
      requestId: expect.stringMatching(/./),
      subject: 'user',
      subjectId: String(id),
      subjectName: 'ada',
      before: { isAdmin: false },
      after: { isAdmin: true, password: 'changed' },
    });
    await call('DELETE', `/users/${id}`);
    expect(await newest('user.delete')).toMatchObject({ subjectName: 'ada', before: { isAdmin: true } });
    const everything = (await call('GET', '/audit/export')).text;
    expect(everything).not.toContain('secret');
  });

  it('of a service: the fields that changed', async () => {
    const { id } = (await call('POST', '/services', { category: 'Pumps', color: '00ff00' })).json as {
      id: string;
    };
    await call('PATCH', `/services/${id}`, { category: 'Valves', publishPolicy: 'key' });
    expect(await newest('service.change')).toMatchObject({
      subjectId: id,
      subjectName: 'Valves',
      before: { category: 'Pumps', publishPolicy: 'network' },
      after: { category: 'Valves', publishPolicy: 'key' },
    });
    await server.request('PATCH', `/api/v2/services/${id}`, {
      token: admin.token,
      json: { owner: 'phones' },
    });
    expect(await newest('service.change')).toMatchObject({ after: { owner: 'phones' } });
  });

  it('of a key: its beginning, never the key', async () => {
    const { key } = (await call('POST', '/me/keys', { name: 'CI', scopes: ['read'] })).json as {
      key: string;
    };
    const entry = await newest('key.create');
    expect(entry).toMatchObject({ subjectName: 'CI', after: { prefix: key.slice(0, 10), scopes: ['read'] } });
    expect(JSON.stringify(entry)).not.toContain(key);
  });

  it('by a key: whose it is', async () => {
    const { key } = (await call('POST', '/me/keys', { name: 'robot', scopes: ['admin'] })).json as {
      key: string;
    };
    await call('POST', '/groups', { name: 'made by a robot' }, key);
    expect(await newest('group.create')).toMatchObject({ actor: 'key', actorName: 'boss / robot' });
  });

  it('and nothing is written of what changed nothing', async () => {
    const before = await list('limit=500');
    await call('DELETE', '/users/999999');
    await call('PATCH', '/groups/999999', { name: 'x' });
    expect(await list('limit=500')).toHaveLength(before.length);
  });
});

describe('what was refused is written too', () => {
  it('a wrong password, once with how often', async () => {
    const signIn = (password: string) => call('POST', '/sessions', { username: 'boss', password }, undefined);
    for (let count = 0; count < 3; count++) await signIn('guess');
    expect(await newest('session.create')).toMatchObject({
      outcome: 'refused',
      actor: 'anonymous',
      subjectName: 'boss',
      detail: 'wrong name or password',
      times: 3,
    });
    await signIn(PASSWORD);
    expect(await newest('session.create')).toMatchObject({ outcome: 'done', actorName: 'boss' });
  });

  it.each([
    ['another key', () => forged({ alg: 'HS256', typ: 'JWT' }, 'x'.repeat(43))],
    ['no algorithm', () => forged({ alg: 'none', typ: 'JWT' }, '')],
    ['a public key’s algorithm', () => forged({ alg: 'RS256', typ: 'JWT' }, 'x'.repeat(43))],
  ])('a login token signed with %s', async (_name, token) => {
    expect((await call('GET', '/me', undefined, token())).status).toBe(401);
    expect(await newest('session.use')).toMatchObject({
      outcome: 'refused',
      detail: 'not a token of this server',
    });
  });

  it('a stolen login that was ended', async () => {
    const eve = await server.signedIn('eve');
    await call('DELETE', '/sessions', undefined, eve.token);
    expect((await call('GET', '/me', undefined, eve.token)).status).toBe(401);
    expect(await newest('session.use')).toMatchObject({ detail: 'a login of eve that was ended' });
  });

  it('a revoked key, by its beginning only', async () => {
    const { id, key } = (await call('POST', '/me/keys', { name: 'x', scopes: ['read'] })).json as {
      id: number;
      key: string;
    };
    await call('DELETE', `/me/keys/${id}`);
    await call('GET', '/me', undefined, key);
    expect(await newest('key.use')).toMatchObject({ detail: `no valid key begins with ${key.slice(0, 10)}` });
  });

  it('a guessed receipt token', async () => {
    const answer = await server.call('POST', '/receipts', {
      json: { token: 'A'.repeat(32), event: 'opened' },
    });
    expect(answer.status).toBe(403);
    expect(await newest('receipt.record')).toMatchObject({ outcome: 'refused', actor: 'anonymous' });
  });

  it('a forged X-Forwarded-For', async () => {
    const { id } = (await call('POST', '/services', { category: 'x', color: '000000' })).json as {
      id: string;
    };
    const answer = await server.call('POST', `/services/${id}/notifications`, {
      json: { title: 't' },
      headers: { 'x-forwarded-for': '192.0.2.7' },
    });
    expect(answer.status).toBe(403);
    expect(await newest('notification.publish')).toMatchObject({
      subjectId: id,
      address: '127.0.0.1',
      detail: expect.stringContaining('X-Forwarded-For'),
    });
  });
});

function forged(header: object, signature: string): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: 'boss', exp: 4_102_444_800, jti: '6f1c2a34-0000-4000-8000-000000000001' };
  return `${encode(header)}.${encode(claims)}.${signature}`;
}

describe('the log', () => {
  it('comes in pages, newest first', async () => {
    const ids: number[] = [];
    for (let cursor: string | null = null; ; ) {
      const path: string = `/audit?limit=3${cursor === null ? '' : `&cursor=${cursor}`}`;
      const page = (await call('GET', path)).json as { items: Entry[]; nextCursor: string | null };
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    expect(ids.length).toBeGreaterThan(10);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
  });

  it('is filtered by actor, action, outcome, subject and time', async () => {
    expect(
      (await list('actor=boss&outcome=done&limit=500')).every(({ actorName }) => actorName === 'boss'),
    ).toBe(true);
    const users = await list('action=user.&limit=500');
    expect(users.length).toBeGreaterThan(2);
    expect(users.every(({ action }) => action.startsWith('user.'))).toBe(true);
    expect(await list('outcome=refused&action=group.')).toEqual([]);
    expect(await list('subject=group&limit=500')).not.toEqual([]);
    const hour = 3_600_000;
    const around = (from: number, to: number) =>
      `from=${new Date(Date.now() + from).toISOString()}&to=${new Date(Date.now() + to).toISOString()}`;
    expect(await list(around(-hour, hour))).not.toEqual([]);
    expect(await list(around(hour, 2 * hour))).toEqual([]);
  });

  it('is exported whole, one object per line', async () => {
    const answer = await call('GET', '/audit/export');
    expect(answer.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
    const lines = answer.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry);
    expect(lines.map(({ id }) => id)).toEqual((await list('limit=500')).map(({ id }) => id));
  });

  it('is only ever appended to, whoever asks the database', async () => {
    for (const statement of [`update audit_entry set actor_name = 'nobody'`, 'delete from audit_entry'])
      await expect(server.database.query(statement)).rejects.toThrow('only ever appended');
  });

  it('is for administrators and auditors only', async () => {
    const mary = await server.signedIn('mary');
    expect((await call('GET', '/audit', undefined, mary.token)).status).toBe(403);
    await call('PATCH', `/users/${mary.id}`, { isAuditor: true });
    expect((await call('GET', '/audit', undefined, mary.token)).status).toBe(200);
    expect((await call('GET', '/audit/export', undefined, mary.token)).status).toBe(200);
  });
});
