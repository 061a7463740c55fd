import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';

let server: V3Server;
let admin: Person;
let ada: Person;
beforeAll(async () => {
  server = await startV3Server();
  admin = await server.signedIn('boss', true);
  ada = await server.signedIn('ada');
});
afterAll(() => server.stop());

let turn = 0;
const as = (token: string) => (method: string, path: string, json?: object) =>
  server.call(method, path, { token, ...(json && { json }) });
const byAdmin = (method: string, path: string, json?: object) => as(admin.token)(method, path, json);
const newGroup = async (given: object = {}) => {
  const answer = await byAdmin('POST', '/groups', { name: `group ${++turn}`, ...given });
  expect(answer.status).toBe(201);
  return answer.json as { id: number; name: string; members: number };
};
const newService = async (given: object = {}) => {
  const json = { category: `service ${++turn}`, color: '000000', ...given };
  const answer = await byAdmin('POST', '/services', json);
  expect(answer.status).toBe(201);
  return (answer.json as { id: string }).id;
};
const join = (id: number, userId: number) => byAdmin('PUT', `/groups/${id}/members/${userId}`);
const leave = (id: number, userId: number) => byAdmin('DELETE', `/groups/${id}/members/${userId}`);
const subscribed = async (person: Person) => {
  const { items } = (await as(person.token)('GET', '/services')).json as {
    items: { id: string; isSubscribed: boolean }[];
  };
  return items.filter(({ isSubscribed }) => isSubscribed).map(({ id }) => id);
};
const shown = async (person: Person) => {
  const { items } = (await as(person.token)('GET', '/services')).json as { items: { id: string }[] };
  return items.map(({ id }) => id);
};
const details = async (id: number) =>
  (await byAdmin('GET', `/groups/${id}`)).json as {
    people: { username: string }[];
    serviceIds: string[];
  };

describe('a group', () => {
  it('has a name of its own, members and services, and is renamed', async () => {
    const { id, name } = await newGroup();
    expect((await byAdmin('POST', '/groups', { name })).json).toMatchObject({ code: 'group-exists' });
    await join(id, ada.id);
    expect((await join(id, ada.id)).status).toBe(204);
    const serviceId = await newService();
    await byAdmin('PUT', `/groups/${id}/subscriptions/${serviceId}`);
    expect(await details(id)).toMatchObject({ people: [{ username: 'ada' }], serviceIds: [serviceId] });
    const other = await newGroup();
    expect((await byAdmin('PATCH', `/groups/${id}`, { name: other.name })).status).toBe(409);
    expect((await byAdmin('PATCH', `/groups/${id}`, { name: 'Night shift' })).json).toMatchObject({
      name: 'Night shift',
      members: 1,
    });
  });

  it.each([
    ['ldap without its name there', { name: 'x', source: 'ldap' }],
    ['local with a name elsewhere', { name: 'x', externalName: 'cn=x' }],
  ])('%s is refused', async (_name, json) => {
    expect((await byAdmin('POST', '/groups', json)).json).toMatchObject({
      status: 422,
      field: 'body.externalName',
    });
  });

  it('whose members are decided elsewhere takes none here', async () => {
    const { id } = await newGroup({ source: 'ldap', externalName: 'cn=operators,dc=example' });
    expect((await join(id, ada.id)).json).toMatchObject({ status: 409, code: 'external-group' });
  });

  it.each([
    ['GET', '/groups/999999', undefined],
    ['PATCH', '/groups/999999', { name: 'x' }],
    ['DELETE', '/groups/999999', undefined],
    ['PUT', '/groups/999999/members/1', undefined],
    ['PUT', '/groups/999999/subscriptions/6f1c2a34-0000-4000-8000-000000000001', undefined],
  ])('%s %s is 404 when there is none', async (method, path, json) => {
    expect((await byAdmin(method, path, json)).json).toMatchObject({ status: 404, code: 'not-found' });
  });
});

describe('what a group is subscribed to', () => {
  it('its members get, those who join later too, and lose when they leave', async () => {
    const [{ id }, serviceId, bob] = [await newGroup(), await newService(), await server.signedIn('bob')];
    await join(id, ada.id);
    await byAdmin('PUT', `/groups/${id}/subscriptions/${serviceId}`);
    await join(id, bob.id);
    for (const person of [ada, bob]) expect(await subscribed(person)).toContain(serviceId);
    await leave(id, bob.id);
    expect(await subscribed(bob)).not.toContain(serviceId);
    await join(id, bob.id);
    expect(await subscribed(bob)).toContain(serviceId);
    await byAdmin('DELETE', `/groups/${id}/subscriptions/${serviceId}`);
    for (const person of [ada, bob]) expect(await subscribed(person)).not.toContain(serviceId);
  });

  it('a member may leave alone, and is not brought back', async () => {
    const [{ id }, serviceId] = [await newGroup(), await newService()];
    await join(id, ada.id);
    await byAdmin('PUT', `/groups/${id}/subscriptions/${serviceId}`);
    await as(ada.token)('DELETE', `/subscriptions/${serviceId}`);
    await byAdmin('PATCH', `/services/${serviceId}`, { owner: 'somebody' });
    expect(await subscribed(ada)).not.toContain(serviceId);
  });

  it('what somebody chose alone stays when the group goes', async () => {
    const [{ id }, serviceId, chosen] = [await newGroup(), await newService(), await newService()];
    await as(ada.token)('PUT', `/subscriptions/${chosen}`);
    await join(id, ada.id);
    for (const one of [serviceId, chosen]) await byAdmin('PUT', `/groups/${id}/subscriptions/${one}`);
    expect((await byAdmin('DELETE', `/groups/${id}`)).status).toBe(204);
    const after = await subscribed(ada);
    expect([after.includes(chosen), after.includes(serviceId)]).toEqual([true, false]);
  });
});

describe('a restricted service', () => {
  let id: number;
  let serviceId: string;
  beforeEach(async () => {
    ({ id } = await newGroup());
    serviceId = await newService({ isRestricted: true, groupIds: [id] });
  });
  const subscribe = (person: Person) => as(person.token)('PUT', `/subscriptions/${serviceId}`);

  it('is there for its groups, its owners and administrators, and for nobody else', async () => {
    expect(await shown(ada)).not.toContain(serviceId);
    expect((await subscribe(ada)).status).toBe(404);
    expect(await shown(admin)).toContain(serviceId);
    await join(id, ada.id);
    expect(await shown(ada)).toContain(serviceId);
    expect((await subscribe(ada)).status).toBe(204);
    const owner = await server.signedIn(`owner${++turn}`);
    await byAdmin('PUT', `/services/${serviceId}/owners/${owner.id}`);
    expect(await shown(owner)).toContain(serviceId);
  });

  it('is lost with the membership, and with its notifications from then on', async () => {
    await join(id, ada.id);
    await subscribe(ada);
    await leave(id, ada.id);
    expect(await shown(ada)).not.toContain(serviceId);
    const [row] = await server.database.query<{ until: Date | null }>(
      'select until from subscription where service_id = $1 and user_id = $2',
      [serviceId, ada.id],
    );
    expect(row?.until).toBeInstanceOf(Date);
  });

  it('an administrator may subscribe to it, and stays when it changes', async () => {
    expect((await subscribe(admin)).status).toBe(204);
    await byAdmin('PATCH', `/services/${serviceId}`, { groupIds: [] });
    expect(await subscribed(admin)).toContain(serviceId);
  });

  it('a service that becomes restricted loses those it is not for', async () => {
    const open = await newService();
    await as(ada.token)('PUT', `/subscriptions/${open}`);
    await byAdmin('PATCH', `/services/${open}`, { isRestricted: true, groupIds: [id] });
    expect(await shown(ada)).not.toContain(open);
  });

  it('names no groups that do not exist', async () => {
    const answer = await byAdmin('PATCH', `/services/${serviceId}`, { groupIds: [id, 999_999] });
    expect(answer.json).toMatchObject({ status: 422, field: 'body.groupIds' });
  });
});

describe('a mandatory service', () => {
  it('has everybody, also who comes later, and nobody can leave it', async () => {
    const serviceId = await newService({ isMandatory: true });
    expect(await subscribed(ada)).toContain(serviceId);
    expect((await as(ada.token)('DELETE', `/subscriptions/${serviceId}`)).json).toMatchObject({
      status: 409,
      code: 'mandatory-service',
    });
    const created = await byAdmin('POST', '/users', { username: `late${++turn}`, password: 'long enough' });
    const { id } = created.json as { id: number };
    const rows = await server.database.query(
      'select 1 from subscription where user_id = $1 and service_id = $2 and until is null',
      [id, serviceId],
    );
    expect(rows).toHaveLength(1);
  });

  it('that is restricted has its groups and nobody else, administrators neither', async () => {
    const { id } = await newGroup();
    await join(id, ada.id);
    const serviceId = await newService({ isMandatory: true, isRestricted: true, groupIds: [id] });
    expect(await subscribed(ada)).toContain(serviceId);
    expect(await subscribed(admin)).not.toContain(serviceId);
    await leave(id, ada.id);
    expect(await subscribed(ada)).not.toContain(serviceId);
  });

  it('lets people go again once it is mandatory no more', async () => {
    const serviceId = await newService({ isMandatory: true });
    await byAdmin('PATCH', `/services/${serviceId}`, { isMandatory: false });
    expect((await as(ada.token)('DELETE', `/subscriptions/${serviceId}`)).status).toBe(204);
    expect(await subscribed(ada)).not.toContain(serviceId);
  });

  it('is nothing for the account of the app stores’ reviewers', async () => {
    const demo = await build.user(server.database, { username: 'demo' });
    await server.database.query(`update user_account set origin = 'demo' where id = $1`, [demo]);
    const serviceId = await newService({ isMandatory: true });
    const rows = await server.database.query(
      'select 1 from subscription where user_id = $1 and service_id = $2',
      [demo, serviceId],
    );
    expect(rows).toEqual([]);
  });
});

describe('an owner', () => {
  it('changes the service, its keys and its owners, and sees its subscribers and deliveries', async () => {
    const serviceId = await newService({ publishPolicy: 'key' });
    const owner = await server.signedIn(`owner${++turn}`);
    const byOwner = as(owner.token);
    expect((await byOwner('PATCH', `/services/${serviceId}`, { owner: 'me' })).status).toBe(403);
    await byAdmin('PUT', `/services/${serviceId}/owners/${owner.id}`);
    expect((await byOwner('PATCH', `/services/${serviceId}`, { owner: 'me' })).json).toMatchObject({
      owner: 'me',
      isOwned: true,
    });
    await as(ada.token)('PUT', `/subscriptions/${serviceId}`);
    expect((await byOwner('GET', `/services/${serviceId}/subscribers`)).json).toMatchObject({
      items: [{ username: 'ada', groupId: null }],
      nextCursor: null,
    });
    expect((await byOwner('POST', `/services/${serviceId}/keys`, { name: 'k' })).status).toBe(201);
    const published = await byOwner('POST', `/services/${serviceId}/notifications`, { title: 't' });
    expect(published.status).toBe(201);
    const { id } = published.json as { id: number };
    expect((await byOwner('GET', `/notifications/${id}/counts`)).status).toBe(200);
    expect((await as(ada.token)('GET', `/notifications/${id}/counts`)).status).toBe(403);
    expect((await byOwner('PUT', `/services/${serviceId}/owners/${ada.id}`)).status).toBe(204);
    expect((await byOwner('GET', `/services/${serviceId}`)).json).toMatchObject({
      owners: [{ username: 'ada' }, { id: owner.id }],
    });
    expect((await byOwner('DELETE', `/services/${serviceId}`)).status).toBe(403);
    await byAdmin('DELETE', `/services/${serviceId}/owners/${owner.id}`);
    expect((await byOwner('GET', `/services/${serviceId}`)).status).toBe(403);
  });

  it('is a user that exists', async () => {
    const serviceId = await newService();
    expect((await byAdmin('PUT', `/services/${serviceId}/owners/999999`)).status).toBe(404);
    expect((await byAdmin('DELETE', `/services/${serviceId}/owners/${ada.id}`)).status).toBe(404);
  });

  it('lists subscribers in pages', async () => {
    const serviceId = await newService();
    for (let count = 0; count < 3; count++)
      await build.subscribe(server.database, serviceId, await build.user(server.database));
    const ids: number[] = [];
    for (let cursor: string | null = '0'; cursor !== null; ) {
      const path: string = `/services/${serviceId}/subscribers?limit=2&cursor=${cursor}`;
      const page = (await byAdmin('GET', path)).json as {
        items: { id: number }[];
        nextCursor: string | null;
      };
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect([ids.length, new Set(ids).size]).toEqual([3, 3]);
  });
});
