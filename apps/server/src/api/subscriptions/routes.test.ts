import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { PASSWORD, type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';

let server: V3Server;
let user: Person;
let service: string;
beforeAll(async () => {
  server = await startV3Server();
  user = await server.signedIn('user');
  service = await build.service(server.database);
});
afterAll(() => server.stop());

const set = (method: 'PUT' | 'DELETE', id = service) =>
  server.call(method, `/subscriptions/${id}`, { token: user.token });
const publish = async () => {
  const answer = await server.call('POST', `/services/${service}/notifications`, { json: { title: 'T' } });
  return (answer.json as { id: number }).id;
};
const has = async (id: number) =>
  (await server.call('GET', `/inbox/${id}`, { token: user.token })).status === 200;

it('a subscriber gets what is published from then until it ends, and keeps it', async () => {
  const before = await publish();
  expect((await set('PUT')).status).toBe(204);
  const during = await publish();
  expect((await set('DELETE')).status).toBe(204);
  const after = await publish();
  expect([await has(before), await has(during), await has(after)]).toEqual([false, true, false]);
});

it('saying it twice changes nothing', async () => {
  for (const method of ['PUT', 'PUT', 'DELETE', 'DELETE'] as const)
    expect((await set(method)).status).toBe(204);
  const rows = await server.database.query('select 1 from subscription where user_id = $1', [user.id]);
  expect(rows).toHaveLength(1);
});

it.each(['PUT', 'DELETE'] as const)(
  '%s of a service that does not exist is 404 with its id',
  async (method) => {
    const id = randomUUID();
    expect((await set(method, id)).json).toMatchObject({ status: 404, detail: `There is no service ${id}` });
  },
);

it('the demo account is shown the services of one category, subscribes to them only and keeps its password', async () => {
  const { token } = await server.signedIn('demo');
  const shown = await build.service(server.database, { category: 'demo' });
  const list = await server.call('GET', '/services', { token });
  expect((list.json as { items: { id: string }[] }).items.map(({ id }) => id)).toEqual([shown]);
  const subscribe = async (id: string) =>
    (await server.call('PUT', `/subscriptions/${id}`, { token })).status;
  expect([await subscribe(shown), await subscribe(service)]).toEqual([204, 404]);
  const json = { current: PASSWORD, next: 'another horse' };
  expect((await server.call('PUT', '/me/password', { token, json })).json).toMatchObject({
    status: 403,
    code: 'not-allowed',
  });
});
