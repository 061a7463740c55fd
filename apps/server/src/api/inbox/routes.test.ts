import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';

interface Page {
  readonly items: readonly { readonly id: number; readonly title: string; readonly isRead: boolean }[];
  readonly nextCursor: string | null;
}

let server: V3Server;
beforeAll(async () => {
  server = await startV3Server();
});
afterAll(() => server.stop());

let turn = 0;
let user: Person;
let other: Person;
let service: string;
beforeEach(async () => {
  user = await server.signedIn(`user${++turn}`);
  other = await server.signedIn(`other${turn}`);
  service = await build.service(server.database);
  for (const { id } of [user, other]) await build.subscribe(server.database, service, id);
});

const publish = async (title = 'T', to = service) => {
  const answer = await server.call('POST', `/services/${to}/notifications`, { json: { title } });
  return (answer.json as { id: number }).id;
};
const several = async (count: number) => {
  const ids: number[] = [];
  for (let index = 0; index < count; index++) ids.push(await publish(`number ${index}`));
  return ids;
};
const list = async (query = '', token = user.token) =>
  (await server.call('GET', `/inbox${query}`, { token })).json as Page;
const idsOf = (page: Page) => page.items.map(({ id }) => id);
const mark = (id: number, status: string, token = user.token) =>
  server.call('PATCH', `/inbox/${id}`, { token, json: { status } });
const unread = async (token = user.token) =>
  ((await server.call('GET', '/inbox/unread', { token })).json as { count: number }).count;

describe('the list', () => {
  it('is newest first, page by page, everything once, and ends with null', async () => {
    const ids = await several(5);
    const seen: number[][] = [];
    let query = '?limit=2';
    for (let page = await list(query); ; page = await list(query)) {
      seen.push(idsOf(page));
      if (page.nextCursor === null) break;
      query = `?limit=2&cursor=${page.nextCursor}`;
    }
    expect(seen).toEqual([ids.slice(3).reverse(), ids.slice(1, 3).reverse(), ids.slice(0, 1)]);
  });

  it('stays in its place when something arrives or is deleted between two pages', async () => {
    const ids = await several(4);
    const first = await list('?limit=2');
    await publish('late');
    await mark(ids[1] ?? 0, 'deleted');
    expect(idsOf(await list(`?limit=2&cursor=${first.nextCursor}`))).toEqual([ids[0]]);
  });

  it('has no further page when the last one is exactly full', async () => {
    await several(2);
    expect((await list('?limit=2')).nextCursor).toBeNull();
    expect(await list('', other.token)).toMatchObject({ nextCursor: null });
  });

  it('is of one service, or of what is unread, when that is asked for', async () => {
    const elsewhere = await build.service(server.database);
    await build.subscribe(server.database, elsewhere, user.id);
    const [here, there] = [await publish(), await publish('T', elsewhere)];
    expect(idsOf(await list(`?service=${elsewhere}`))).toEqual([there]);
    expect(idsOf(await list(`?service=${elsewhere.toUpperCase()}`))).toEqual([there]);
    expect(idsOf(await list(`?service=${randomUUID()}`))).toEqual([]);
    await mark(there, 'read');
    expect(idsOf(await list('?unread=true'))).toEqual([here]);
    expect(idsOf(await list('?unread=false'))).toEqual([there, here]);
    expect(idsOf(await list(`?unread=true&service=${elsewhere}`))).toEqual([]);
  });

  it.each(['1', '500'])('takes a limit of %s', async (limit) => {
    await publish();
    expect((await list(`?limit=${limit}`)).items).toHaveLength(1);
  });

  it.each(['0', '501', '-1', '1.5', '', '1e2', '0x10', ' 5', 'ten', '9007199254740993', '1&limit=2'])(
    'refuses a limit of %j',
    async (limit) => {
      const answer = await server.call('GET', `/inbox?limit=${limit}`, { token: user.token });
      expect(answer.json).toMatchObject({ status: 422, code: 'invalid-input', field: 'query.limit' });
    },
  );

  it.each(['-1', 'abc', '1.5', '9999999999999999', '', '1%00'])('refuses the cursor %j', async (cursor) => {
    const answer = await server.call('GET', `/inbox?cursor=${cursor}`, { token: user.token });
    expect(answer.json).toMatchObject({
      status: 422,
      faults: [{ field: 'query.cursor', rule: 'must be a cursor this API gave' }],
    });
  });
});

describe('marks', () => {
  it('are read, unread, deleted; twice is as good as once; what is deleted is gone', async () => {
    const id = await publish();
    const state = async () => (await list()).items.map(({ isRead }) => isRead);
    for (const [status, expected] of [
      ['read', [true]],
      ['read', [true]],
      ['unread', [false]],
      ['deleted', []],
    ] as const) {
      expect((await mark(id, status)).status).toBe(204);
      expect(await state()).toEqual(expected);
    }
    expect((await mark(id, 'read')).json).toMatchObject({
      status: 404,
      detail: `You have no notification ${id}`,
    });
    expect((await server.call('GET', `/inbox/${id}`, { token: user.token })).status).toBe(404);
  });

  it('are the own ones: another subscriber keeps it as it was', async () => {
    const id = await publish();
    await mark(id, 'read');
    expect((await list('', other.token)).items).toMatchObject([{ id, isRead: false }]);
    const stranger = await server.signedIn(`stranger${turn}`);
    expect((await mark(id, 'read', stranger.token)).status).toBe(404);
  });

  it('all read leaves nothing unread, and nothing deleted', async () => {
    await several(3);
    expect(await unread()).toBe(3);
    expect((await server.call('POST', '/inbox/mark-all-read', { token: user.token })).status).toBe(204);
    expect([await unread(), await unread(other.token)]).toEqual([0, 3]);
    expect((await list()).items).toHaveLength(3);
  });

  it('all read also takes an empty body labelled as JSON, as many clients send it', async () => {
    const headers = { 'content-type': 'application/json' };
    const answer = await server.call('POST', '/inbox/mark-all-read', { token: user.token, headers });
    expect(answer.status).toBe(204);
  });

  it('unread are counted without what is read or deleted', async () => {
    const [first = 0, second = 0] = await several(3);
    await mark(first, 'read');
    await mark(second, 'deleted');
    expect(await unread()).toBe(1);
  });
});

it('one item is as it stands in the list', async () => {
  const id = await publish('alone');
  const { items } = await list();
  expect((await server.call('GET', `/inbox/${id}`, { token: user.token })).json).toEqual(items[0]);
});
