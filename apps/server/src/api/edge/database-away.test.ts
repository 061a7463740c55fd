import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { type DatabaseDoor, openDoor } from '../../../test/database-door.ts';
import { PASSWORD, type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';

let server: V3Server;
let door: DatabaseDoor;
let admin: Person;
let service: string;
beforeAll(async () => {
  server = await startV3Server({
    connect: async (connection) => {
      door = await openDoor(connection);
      return door.database;
    },
  });
  admin = await server.signedIn('admin', true);
  service = await build.service(server.database);
});
afterAll(() => server.stop());

describe('while the database is away', () => {
  beforeAll(() => door.shut());
  afterAll(() => door.open());

  const REQUESTS: [string, string, object?][] = [
    ['POST', '/sessions', { username: 'admin', password: PASSWORD }],
    ['GET', '/me'],
    ['DELETE', '/sessions/current'],
    ['GET', '/services'],
    ['PUT', '/subscriptions/6f1c2a34-0000-4000-8000-000000000001'],
    ['POST', '/services/6f1c2a34-0000-4000-8000-000000000001/notifications', { title: 'T' }],
    ['POST', '/notifications', { title: 'T', userIds: [1] }],
    ['GET', '/inbox'],
    ['GET', '/stream'],
    ['POST', '/devices', { kind: 'mqtt' }],
    ['GET', '/stats'],
  ];

  it.each(REQUESTS)('%s %s is 503 and says when to try again', async (method, path, json) => {
    server.clock.advance(1_000);
    const answer = await server.call(method, path, { token: admin.token, json });
    expect(answer.json).toMatchObject({ status: 503, code: 'busy' });
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  it('a receipt is 503: the device must report it again', async () => {
    const json = { token: server.receiptTokens.issue(1, 1, 1), event: 'opened' };
    expect((await server.call('POST', '/receipts', { json })).status).toBe(503);
  });

  it('v2 is 503 too', async () => {
    const path = `/api/v2/services/${service}/notifications`;
    expect((await server.request('POST', path, { json: { title: 'T' } })).status).toBe(503);
  });

  it('the process is alive, not ready, and still shows its metrics', async () => {
    expect((await server.request('GET', '/-/health')).status).toBe(200);
    const ready = await server.request('GET', '/-/ready');
    expect([ready.status, ready.json]).toMatchObject([503, { status: 'not-ready', database: 'away' }]);
    expect((await server.request('GET', '/metrics')).status).toBe(200);
  });

  it('nothing of it is logged as a failure of ours', () => expect(server.logged).toEqual([]));
});

it('afterwards everything works again', async () => {
  const headers = { 'idempotency-key': 'after' };
  const publish = () =>
    server.call('POST', `/services/${service}/notifications`, { json: { title: 'T' }, headers });
  expect((await publish()).status).toBe(201);
  expect((await server.request('GET', '/-/ready')).json).toMatchObject({ status: 'ready', database: 'ok' });
});

it('a statement that loses its connection under way is 503, not 500', async () => {
  const blocked = server.database.transaction(async (connection) => {
    await connection.query('lock table service');
    const asked = server.call('GET', '/services', { token: admin.token });
    const isWaiting = async () =>
      (
        await connection.query(
          `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
        )
      ).length > 0;
    while (!(await isWaiting()));
    await connection.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );
    return asked;
  });
  const answer = await blocked;
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
});
