/** Apple and Google are set up over the API while the server runs: sealed at rest, used at once, on every start. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as build from '../test/builders.ts';
import { appleDevices, googleDevices, Storm } from '../test/storm.ts';

let storm: Storm;
let service: string;
beforeAll(async () => {
  storm = await Storm.begin({}, false);
  service = await build.service(storm.database);
});
afterAll(() => storm.end());

const apns = () => {
  const { p8, keyId, teamId, topic } = storm.providers.apns;
  return { p8, keyId, teamId, topic };
};
const put = (name: string, body: object) => storm.call('PUT', `/api/v3/providers/${name}`, body);
const list = async () =>
  ((await (await storm.call('GET', '/api/v3/providers')).json()) as { items: Provider[] }).items;
interface Provider {
  readonly name: string;
  readonly source: string | null;
  readonly about: object;
}
let used = 0;
/** Where the addresses of the next devices begin. */
const next = () => {
  used += 10_000;
  return used;
};
/** How the log says it went for new devices of each kind. */
async function send(count = 3): Promise<string[]> {
  const own = await build.service(storm.database);
  const from = next();
  const devices = [...appleDevices(count, from), ...googleDevices(count, from)];
  await build.audience(storm.database, own, devices);
  const id = await storm.publish(own);
  await expect.poll(async () => (await storm.log(id)).size, { timeout: 30_000 }).toBe(2 * count);
  return [...new Set([...(await storm.log(id)).values()].map((events) => events.join()))].sort();
}

describe('a provider', () => {
  it('that is not set up refuses, and says so', async () => {
    expect((await list()).map(({ name, source }) => [name, source])).toEqual([
      ['apns', null],
      ['fcm', null],
    ]);
    expect(await send()).toEqual(['refused']);
  });

  it('is used as soon as its credentials are given, which are never shown again', async () => {
    expect((await put('apns', apns())).status).toBe(204);
    expect((await put('fcm', { serviceAccount: storm.providers.fcm.serviceAccount })).status).toBe(204);
    expect(await send()).toEqual(['accepted']);
    const shown = await list();
    expect(shown).toMatchObject([
      { name: 'apns', source: 'stored', about: { keyId: storm.providers.apns.keyId } },
      { name: 'fcm', source: 'stored', about: { projectId: expect.stringMatching(/./) } },
    ]);
    const audit = await (await storm.call('GET', '/api/v3/audit/export')).text();
    expect(audit).toContain('provider.change');
    for (const text of [JSON.stringify(shown), audit]) expect(text).not.toContain('PRIVATE KEY');
  });

  it('is kept sealed', async () => {
    const rows = await storm.database.query<{ value: string }>(
      `select value from server_secret where name like 'provider/%'`,
    );
    expect(rows.map(({ value }) => value.split(':').slice(0, 2).join(':'))).toEqual(['sealed:1', 'sealed:1']);
  });

  it('is still set up after a restart', async () => {
    await storm.restart();
    expect(await send()).toEqual(['accepted']);
  });

  it('is exchanged while it sends: nothing is lost and nothing is sent twice', async () => {
    const from = next();
    const devices = await build.audience(storm.database, service, appleDevices(2_000, from));
    const id = await storm.publish(service);
    for (let turn = 0; turn < 3; turn++)
      await put('apns', { ...apns(), environment: turn % 2 ? 'production' : 'sandbox' });
    await put('apns', apns());
    await storm.passUntil(async () => (await storm.accepted(id, devices)) === devices.length);
    const { accepted } = storm.providers.apns;
    const tokens = appleDevices(2_000, from).map(({ address }) => accepted.get(address));
    expect(new Set(tokens)).toEqual(new Set([1]));
  });

  it('is taken away again', async () => {
    for (const name of ['apns', 'fcm'])
      expect((await storm.call('DELETE', `/api/v3/providers/${name}`)).status).toBe(204);
    expect(await send()).toEqual(['refused']);
    expect((await storm.call('DELETE', '/api/v3/providers/apns')).status).toBe(404);
  });

  it.each([
    ['apns', 'a key that is none', () => ({ ...apns(), p8: 'not a key' }), 'body.p8'],
    ['apns', 'a team id that is none', () => ({ ...apns(), teamId: 'x' }), 'body.teamId'],
    ['apns', 'no topic', () => ({ ...apns(), topic: '' }), 'body.topic'],
    [
      'fcm',
      'a key that is none',
      () => ({ serviceAccount: { ...storm.providers.fcm.serviceAccount, private_key: 'x' } }),
      'body.serviceAccount.private_key',
    ],
    ['fcm', 'no project', () => ({ serviceAccount: { private_key: 'x' } }), 'body.serviceAccount.project_id'],
  ])('%s with %s is refused without repeating it', async (name, _what, body, field) => {
    const answer = await put(name, body());
    const text = await answer.text();
    expect([answer.status, JSON.parse(text).field]).toEqual([422, field]);
    expect(text).not.toMatch(/not a key|PRIVATE KEY/);
  });
});

it('a provider whose files the settings name is changed there', async () => {
  const other = await Storm.begin();
  const { p8, keyId, teamId, topic } = other.providers.apns;
  const answer = await other.call('PUT', '/api/v3/providers/apns', { p8, keyId, teamId, topic });
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
    409,
    'set-up-by-settings',
  ]);
  await other.end();
});
