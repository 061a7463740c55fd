import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { PASSWORD, type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { findUser } from '../../store/user.ts';
import { personalData } from './export.ts';

let server: V3Server;
let admin: Person;
beforeAll(async () => {
  server = await startV3Server();
  admin = await server.signedIn('boss', true);
});
afterAll(() => server.stop());

let turn = 0;
let username: string;
let person: Person;
beforeEach(async () => {
  username = `person${++turn}`;
  person = await server.signedIn(username);
});

const call = (method: string, path: string, json?: object, token: string | undefined = person.token) =>
  server.call(method, path, { token, ...(json && { json }) });
const asAdmin = (method: string, path: string, json?: object) => call(method, path, json, admin.token);

/** Straight into the tables; the ids of the notifications, oldest first. */
async function fillInbox(userId: number, count: number): Promise<number[]> {
  const rows = await server.database.query<{ id: number }>(
    `with made as (
       insert into notification (id, uuid, title, body, ttl_seconds, source, created_at)
       select nextval('notification_id_seq'), gen_random_uuid(), 'message ' || n, 'a "body"' || chr(10), 60, 'test', now()
       from generate_series(1, $2::int) n returning id
     ), put as (insert into inbox (user_id, notification_id) select $1, id from made)
     select id from made order by id`,
    [userId, count],
  );
  return rows.map(({ id }) => id);
}

describe('what deleting an account would remove', () => {
  it('is counted and named, and so is what stays', async () => {
    const [alone, shared] = [await build.service(server.database), await build.service(server.database)];
    for (const serviceId of [alone, shared]) {
      await asAdmin('PUT', `/services/${serviceId}/owners/${person.id}`);
      await build.subscribe(server.database, serviceId, person.id);
    }
    await asAdmin('PUT', `/services/${shared}/owners/${admin.id}`);
    await call('POST', '/devices', { kind: 'mqtt' });
    await call('POST', '/me/keys', { name: 'k', scopes: ['read'] });
    const { id } = (await asAdmin('POST', '/groups', { name: `friends of ${username}` })).json as {
      id: number;
    };
    await asAdmin('PUT', `/groups/${id}/members/${person.id}`);
    const [read] = await fillInbox(person.id, 3);
    await call('PATCH', `/inbox/${read}`, { status: 'read' });
    const answer = await asAdmin('GET', `/users/${person.id}/removal`);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      username,
      devices: 1,
      subscriptions: 2,
      logins: 1,
      keys: 1,
      inboxEntries: 3,
      unread: 2,
      groups: [`friends of ${username}`],
      services: expect.arrayContaining([
        { id: alone, category: expect.any(String), isOnlyOwner: true },
        { id: shared, category: expect.any(String), isOnlyOwner: false },
      ]),
      isLastAdministrator: false,
      needsPassword: true,
      stays: [
        expect.objectContaining({ what: 'delivery-log' }),
        expect.objectContaining({ what: 'audit-log' }),
      ],
    });
    expect((await call('GET', '/me/removal')).json).toEqual(answer.json);
  });

  it('says that the last administrator stays', async () => {
    const answer = await asAdmin('GET', `/users/${admin.id}/removal`);
    expect(answer.json).toMatchObject({ isLastAdministrator: true });
  });

  it('is for administrators, and of somebody who is there', async () => {
    expect((await call('GET', `/users/${admin.id}/removal`)).json).toMatchObject({ status: 403 });
    expect((await asAdmin('GET', '/users/987654321/removal')).status).toBe(404);
  });
});

describe('deleting the own account', () => {
  it('needs the password, ends the logins and is audited', async () => {
    const wrong = await call('DELETE', '/me', { password: 'guessed' });
    expect(wrong.json).toMatchObject({ status: 401, code: 'wrong-credentials', field: 'body.password' });
    expect((await call('DELETE', '/me', {})).status).toBe(401);
    const answer = await call('DELETE', '/me', { password: PASSWORD });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await call('GET', '/me')).status).toBe(401);
    expect(await findUser(server.database, person.id)).toBeNull();
    const { items } = (await asAdmin('GET', '/audit?action=user.delete&limit=1')).json as { items: object[] };
    expect(items).toMatchObject([{ actorName: username, subjectName: username }]);
  });

  it('needs none where another server keeps it', async () => {
    await server.database.query(
      "update user_account set password_hash = null, origin = 'ldap' where id = $1",
      [person.id],
    );
    expect((await call('GET', '/me/removal')).json).toMatchObject({ needsPassword: false });
    expect((await call('DELETE', '/me', {})).status).toBe(204);
  });

  it('is slowed down when the password is guessed', async () => {
    for (let guess = 0; guess < 10; guess++)
      expect((await call('DELETE', '/me', { password: 'guessed' })).status).toBe(401);
    // Whoever signed in here before is slowed down for this account alone.
    expect((await call('DELETE', '/me', { password: PASSWORD })).json).toMatchObject({ status: 429 });
  });

  it('is refused to the last administrator, to the demo account and to a key', async () => {
    const last = await asAdmin('DELETE', '/me', { password: PASSWORD });
    expect(last.json).toMatchObject({ status: 409, code: 'last-administrator' });
    const demo = await server.signedIn('demo');
    expect((await call('DELETE', '/me', { password: PASSWORD }, demo.token)).status).toBe(403);
    const key = (await call('POST', '/me/keys', { name: 'k', scopes: ['admin'] })).json as { key: string };
    expect((await call('DELETE', '/me', { password: PASSWORD }, key.key)).status).toBe(403);
  });
});

interface Exported {
  readonly account: { readonly username: string };
  readonly devices: readonly { readonly id: number }[];
  readonly inbox: readonly { readonly id: number; readonly deliveries: readonly object[] }[];
  readonly audit: readonly { readonly action: string; readonly actorName: string }[];
}

describe('the export of one person’s data', () => {
  it('has everything of the person, in a file, and no secret', async () => {
    const serviceId = await build.service(server.database);
    await build.subscribe(server.database, serviceId, person.id);
    const register = { kind: 'apns', address: 'cd'.repeat(32), app: 'org.example.app', name: 'phone' };
    const { id: deviceId } = (await call('POST', '/devices', register)).json as { id: number };
    await call('POST', '/devices', { kind: 'mqtt' });
    await call('POST', '/me/keys', { name: 'script', scopes: ['read'] });
    const [first = 0, second = 0] = await fillInbox(person.id, 2);
    await call('PATCH', `/inbox/${first}`, { status: 'read' });
    await call('PATCH', `/inbox/${second}`, { status: 'deleted' });
    const token = server.receiptTokens.issue(first, deviceId, person.id);
    await server.call('POST', '/receipts', { json: { token, event: 'opened' } });
    const answer = await call('GET', '/me/export');
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="tocsin-user-${person.id}.json"`,
    );
    expect(answer.json).toMatchObject({
      account: { username, origin: 'local' },
      groups: [],
      ownedServices: [],
      subscriptions: [{ serviceId, until: null }],
      devices: [{ id: deviceId, address: 'cd'.repeat(32), lastReceipt: 'opened' }, { kind: 'mqtt' }],
      logins: [{ address: '127.0.0.1' }],
      keys: [{ name: 'script', scopes: ['read'] }],
      inbox: [
        {
          id: first,
          title: 'message 1',
          body: 'a "body"\n',
          readAt: expect.any(String),
          deletedAt: null,
          deliveries: [{ deviceId, event: 'opened', reason: null, at: expect.any(String) }],
        },
        { id: second, deletedAt: expect.any(String), deliveries: [] },
      ],
    });
    const actions = (answer.json as Exported).audit.map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['user.export', 'key.create', 'session.create']));
    const [secrets] = await server.database.query<{ hash: string; credential: string }>(
      `select u.password_hash as hash, (select credential from device where user_id = u.id and kind = 'mqtt') as credential
       from user_account u where id = $1`,
      [person.id],
    );
    for (const secret of Object.values(secrets ?? {})) expect(answer.text).not.toContain(secret);
  });

  it('has nothing of anybody else but who did something to the account', async () => {
    const other = await server.signedIn(`other${turn}`);
    await fillInbox(other.id, 1);
    await asAdmin('PATCH', `/users/${person.id}`, { isAuditor: true });
    const { json } = await asAdmin('GET', `/users/${person.id}/export`);
    const { inbox, audit } = json as Exported;
    expect(inbox).toEqual([]);
    expect(audit.find(({ action }) => action === 'user.change')?.actorName).toBe('boss');
    expect(JSON.stringify(json)).not.toContain(`other${turn}`);
  });

  it('is for administrators, of somebody who is there', async () => {
    expect((await call('GET', `/users/${admin.id}/export`)).status).toBe(403);
    expect((await asAdmin('GET', '/users/987654321/export')).status).toBe(404);
  });

  it('reads an inbox page by page, only as fast as it is taken', async () => {
    await fillInbox(person.id, 2_501);
    const user = await findUser(server.database, person.id);
    if (!user) throw new Error('nobody');
    let statements = 0;
    const counted: typeof server.database.query = (text, values, name) => {
      statements++;
      return server.database.query(text, values, name);
    };
    const pieces = personalData({ query: counted }, user, new Date());
    await pieces.next();
    const [head, text] = [statements, []] as [number, string[]];
    await pieces.next();
    text.push((await pieces.next()).value as string);
    // One page of the inbox and what became of it.
    expect(statements - head).toBe(2);
    for await (const piece of pieces) text.push(piece);
    const { inbox } = JSON.parse(`{"inbox":[${text.join('')}`) as Exported;
    expect(inbox).toHaveLength(2_501);
    expect(new Set(inbox.map(({ id }) => id)).size).toBe(2_501);
  });
});
