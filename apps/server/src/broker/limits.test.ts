/** Who publishes too often: the connection ends, as with all that cannot be taken now. Nothing acknowledged is lost. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as build from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { createPeople, type People } from '../../test/people.ts';
import { testRates } from '../../test/rates.ts';
import { connect, eventually, type StartedBroker, startBroker } from './testing/harness.ts';

const LIMITS = { address: 1, user: 3, key: 3 };
const MINUTE_MS = 60_000;

let test: TestDatabase;
let started: StartedBroker;
let people: People;
let clock: ReturnType<typeof build.testClock>;

beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.drop());
beforeEach(async () => {
  clock = build.testClock(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
  const rates = testRates({ clock: clock.now, limits: LIMITS });
  people = await createPeople(test.database, clock.now, { rates });
  const { identity, access } = people;
  started = await startBroker(test.database, { clock: clock.now, identity, mayPublish: access.allows });
});
afterEach(() => started.stop());

const titles = async (service: string) => {
  const rows = await test.database.query<{ title: string }>(
    'select title from notification where service_id = $1 order by id',
    [service],
  );
  return rows.map(({ title }) => title);
};

async function publishUntilClosed(
  client: Awaited<ReturnType<typeof connect>>,
  service: string,
  count: number,
): Promise<number> {
  const topic = `tocsin/services/${service}/notifications`;
  const closed = new Promise<'closed'>((resolve) => client.once('close', () => resolve('closed')));
  let acknowledged = 0;
  for (let n = 1; n <= count && client.connected; n++) {
    const sent = client.publishAsync(topic, `m${n}`, { qos: 1 }).catch(() => 'closed');
    if ((await Promise.race([sent, closed])) !== 'closed') acknowledged++;
  }
  return acknowledged;
}

describe('over MQTT', () => {
  it('the key of a service takes its limit and no more, and goes on in the next minutes', async () => {
    const service = await build.service(test.database, { publishPolicy: 'key' });
    const password = await build.serviceKey(test.database, service);
    const login = { username: service, password };
    // Showing the key when it connects is the first request.
    const client = await connect(started.url, login);
    expect(await publishUntilClosed(client, service, 5)).toBe(LIMITS.key - 1);
    await eventually(() => !client.connected);
    expect(await titles(service)).toEqual(['m1', 'm2']);
    expect(started.logged).toContainEqual(
      expect.objectContaining({
        context: expect.objectContaining({ reason: 'More than 3 requests a minute of one key' }),
      }),
    );
    // 3.1.1 §3.2.2.3: not now. 4 or 5 would make a client give up.
    await expect(connect(started.url, login)).rejects.toMatchObject({ code: 3 });
    clock.advance(3 * MINUTE_MS);
    const again = await connect(started.url, login);
    expect(await publishUntilClosed(again, service, 1)).toBe(1);
    await again.endAsync();
  });

  it('a person has one limit for all APIs', async () => {
    const service = await build.service(test.database, { publishPolicy: 'key' });
    const { token } = await people.signedIn('ada', true);
    const client = await connect(started.url, { username: 'ada', password: token });
    expect(await publishUntilClosed(client, service, 5)).toBe(LIMITS.user);
    await people.audit.drain();
    const rows = await test.database.query(
      `select actor_name as name, detail from audit_entry where action = 'request.limit' and actor = 'user'`,
    );
    expect(rows).toEqual([{ name: 'ada', detail: 'More than 3 requests a minute of one user' }]);
    client.end(true);
  });

  it('a device on the LAN that shows neither is not counted', async () => {
    const service = await build.service(test.database, { publishPolicy: 'network' });
    const client = await connect(started.url);
    expect(await publishUntilClosed(client, service, 10)).toBe(10);
    await client.endAsync();
  });
});
