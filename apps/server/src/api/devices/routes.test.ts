import { createECDH, createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';

interface Device {
  readonly id: number;
  readonly mqtt?: { readonly username: string; readonly password?: string; readonly topic: string };
}

let server: V3Server;
beforeAll(async () => {
  server = await startV3Server();
});
afterAll(() => server.stop());

let turn = 0;
let user: Person;
let other: Person;
beforeEach(async () => {
  user = await server.signedIn(`user${++turn}`);
  other = await server.signedIn(`other${turn}`);
});

const register = (json: object, token = user.token) => server.call('POST', '/devices', { token, json });
const list = async (token = user.token) =>
  ((await server.call('GET', '/devices', { token })).json as { items: Device[] }).items;

const credential = () => {
  const key = createECDH('prime256v1').generateKeys();
  return `${key.toString('base64url')}.${randomBytes(16).toString('base64url')}`;
};
const hex = () => randomBytes(32).toString('hex');
const DEVICES: Record<string, () => object> = {
  apns: () => ({
    kind: 'apns',
    address: hex(),
    environment: 'sandbox',
    app: 'org.example.app',
    name: 'my phone',
  }),
  fcm: () => ({ kind: 'fcm', address: `c1:${hex()}`, app: 'org.example.app' }),
  webpush: () => ({
    kind: 'webpush',
    address: `https://push.example.com/${hex()}`,
    credential: credential(),
  }),
  unifiedpush: () => ({
    kind: 'unifiedpush',
    address: `https://up.example.com/${hex()}`,
    credential: credential(),
  }),
  mqtt: () => ({ kind: 'mqtt', name: 'door sign' }),
};

describe.each(Object.entries(DEVICES))('a device of kind %s', (kind, describeDevice) => {
  it('is registered with what was given, and listed without secrets', async () => {
    const given = describeDevice();
    const answer = await register(given);
    const registered = answer.json as Device;
    expect(answer.status).toBe(201);
    expect(registered).toMatchObject({
      kind,
      name: '',
      app: 'tocsin',
      environment: '',
      ...Object.fromEntries(
        Object.entries(given).filter(([name]) => !['address', 'credential'].includes(name)),
      ),
      registeredAt: new Date(server.clock.now()).toISOString(),
      goneAt: null,
      goneReason: null,
    });
    const [listed] = await list();
    expect(listed?.id).toBe(registered.id);
    for (const name of ['address', 'credential', 'password'])
      expect(JSON.stringify(listed)).not.toContain(`"${name}"`);
  });

  it('is removed by its owner only', async () => {
    const { id } = (await register(describeDevice())).json as Device;
    const remove = (token: string) => server.call('DELETE', `/devices/${id}`, { token });
    expect((await remove(other.token)).json).toMatchObject({
      status: 404,
      detail: `You have no device ${id}`,
    });
    expect((await remove(user.token)).status).toBe(204);
    expect((await remove(user.token)).status).toBe(404);
    expect(await list()).toEqual([]);
  });
});

describe.each(['apns', 'fcm', 'webpush', 'unifiedpush'])('an address of kind %s registered again', (kind) => {
  it('is the same device, with what was said last', async () => {
    const given = DEVICES[kind]?.() ?? {};
    const first = await register(given);
    const again = await register({ ...given, name: 'renamed' });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(await list()).toEqual([{ ...(first.json as Device), name: 'renamed' }]);
  });

  it('by somebody else moves there: the phone changed hands', async () => {
    const given = DEVICES[kind]?.() ?? {};
    await register(given);
    expect((await register(given, other.token)).status).toBe(201);
    expect(await list()).toEqual([]);
    expect(await list(other.token)).toHaveLength(1);
  });

  it('lives again after its provider said that it is gone', async () => {
    const given = DEVICES[kind]?.() ?? {};
    const { id } = (await register(given)).json as Device;
    await server.database.query(
      `update device set gone_at = now(), gone_reason = 'Unregistered' where id = $1`,
      [id],
    );
    expect(await list()).toMatchObject([{ goneReason: 'Unregistered' }]);
    expect((await register(given)).status).toBe(201);
    expect(await list()).toMatchObject([{ id, goneAt: null, goneReason: null }]);
  });
});

describe('the devices of somebody else', () => {
  let admin: Person;
  beforeAll(async () => {
    admin = await server.signedIn('boss', true);
  });
  const asAdmin = (method: string, path: string, json?: object) =>
    server.call(method, path, { token: admin.token, ...(json && { json }) });
  const newest = async (action: string) => {
    const answer = await asAdmin('GET', `/audit?action=${action}&limit=1`);
    return (answer.json as { items: object[] }).items[0];
  };

  it('are listed for administrators', async () => {
    const { id } = (await register({ kind: 'mqtt', name: 'sign' })).json as Device;
    const answer = await asAdmin('GET', `/users/${user.id}/devices`);
    expect(answer.json).toMatchObject({ items: [{ id, name: 'sign', lastReceipt: null }] });
    expect((await asAdmin('GET', '/users/987654321/devices')).status).toBe(404);
    const refused = await server.call('GET', `/users/${user.id}/devices`, { token: other.token });
    expect(refused.status).toBe(403);
  });

  it('are removed, which is audited', async () => {
    const { id } = (await register({ kind: 'mqtt', name: 'sign' })).json as Device;
    expect((await asAdmin('DELETE', `/users/${other.id}/devices/${id}`)).status).toBe(404);
    expect((await asAdmin('DELETE', `/users/${user.id}/devices/${id}`)).status).toBe(204);
    expect(await list()).toEqual([]);
    expect(await newest('device.remove')).toMatchObject({
      actorName: 'boss',
      subjectId: String(id),
      subjectName: 'sign',
      before: { userId: user.id, kind: 'mqtt' },
    });
  });

  it('are given to another user, which is audited', async () => {
    const { id } = (await register({ kind: 'mqtt' })).json as Device;
    const move = (from: number, to: number) =>
      asAdmin('POST', `/users/${from}/devices/${id}/transfer`, { userId: to });
    expect((await move(other.id, user.id)).status).toBe(404);
    expect((await move(user.id, 987_654_321)).json).toMatchObject({ status: 422, field: 'body.userId' });
    expect((await move(user.id, other.id)).json).toMatchObject({ id });
    expect(await list()).toEqual([]);
    expect(await list(other.token)).toMatchObject([{ id }]);
    expect(await newest('device.transfer')).toMatchObject({
      subjectId: String(id),
      before: { user: `user${turn}` },
      after: { user: `other${turn}` },
    });
  });

  it('are audited when they are registered, not when they only tell again that they are there', async () => {
    const given = DEVICES.apns?.() ?? {};
    const { id } = (await register(given)).json as Device;
    const entry = await newest('device.register');
    expect(entry).toMatchObject({ actorName: `user${turn}`, subjectId: String(id), after: { kind: 'apns' } });
    await register(given);
    expect(await newest('device.register')).toEqual(entry);
    await register(given, other.token);
    expect(await newest('device.register')).toMatchObject({
      actorName: `other${turn}`,
      before: { userId: user.id },
    });
  });

  it('of a phone of v1 and v2 are audited only when they move', async () => {
    const json = { device_token: hex() };
    const tell = (token: string) =>
      server.request('POST', '/api/v2/users/user/device-token', { token, json });
    const before = await newest('device.register');
    expect((await tell(user.token)).status).toBe(201);
    expect(await newest('device.register')).toEqual(before);
    expect((await tell(other.token)).status).toBe(201);
    expect(await newest('device.register')).toMatchObject({
      actorName: `other${turn}`,
      before: { userId: user.id },
    });
  });
});

it('the list says when a device was seen and what it reported last', async () => {
  const { id } = (await register({ kind: 'mqtt' })).json as Device;
  const now = new Date(server.clock.now()).toISOString();
  expect(await list()).toMatchObject([{ lastSeenAt: now, lastReceipt: null, lastReceiptAt: null }]);
  const token = server.receiptTokens.issue(1, id, user.id);
  await server.call('POST', '/receipts', { json: { token, event: 'displayed' } });
  expect(await list()).toMatchObject([{ lastReceipt: 'displayed', lastReceiptAt: now }]);
});

describe('an mqtt device', () => {
  it('is told its name, password and topic once', async () => {
    const { id, mqtt } = (await register({ kind: 'mqtt' })).json as Device;
    expect(mqtt?.topic).toBe(`tocsin/devices/${mqtt?.username}/notifications`);
    const [row] = await server.database.query<{ credential: string }>(
      'select credential from device where id = $1',
      [id],
    );
    expect(row?.credential).toBe(
      createHash('sha256')
        .update(mqtt?.password ?? '')
        .digest('hex'),
    );
    expect((await list())[0]?.mqtt).toEqual({ username: mqtt?.username, topic: mqtt?.topic });
  });

  it('is another one each time', async () => {
    await register({ kind: 'mqtt' });
    await register({ kind: 'mqtt' });
    expect(await list()).toHaveLength(2);
  });
});

describe('what is refused', () => {
  it.each([
    ['apns', { address: 'not hex' }, 'body.address', 'an APNs device token is hexadecimal digits'],
    ['apns', { address: '' }, 'body.address', 'is needed for every kind but mqtt'],
    ['fcm', { address: '' }, 'body.address', 'is needed for every kind but mqtt'],
    [
      'fcm',
      { address: 'quo"te' },
      'body.address',
      'an FCM registration token is visible ASCII without quotes',
    ],
    ['fcm', { environment: 'sandbox' }, 'body.environment', 'is for apns only'],
    [
      'webpush',
      { address: 'http://push.example.com/x' },
      'body.address',
      'the endpoint does not start with https://',
    ],
    ['webpush', { address: 'push' }, 'body.address', 'the endpoint is not a URL'],
    ['webpush', { address: 'https://127.0.0.1/x' }, 'body.address', expect.stringContaining('127.0.0.1')],
    [
      'webpush',
      { address: 'https://u:p@push.example.com/' },
      'body.address',
      'the endpoint contains a user name or password',
    ],
    ['webpush', { credential: '' }, 'body.credential', expect.stringContaining('<p256dh>.<auth>')],
    [
      'unifiedpush',
      { credential: `${'A'.repeat(87)}.AAAA` },
      'body.credential',
      expect.stringContaining('p256dh'),
    ],
    ['mqtt', { address: 'mine' }, 'body.address', 'must be left out for mqtt: the server makes it'],
    ['apns', { environment: 'staging' }, 'body.environment', expect.stringContaining('"production"')],
    ['apns', { app: '' }, 'body.app', expect.stringContaining('Too small')],
  ])('%s with %j', async (kind, given, field, rule) => {
    const answer = await register({ ...DEVICES[kind]?.(), ...given });
    expect(answer.json).toMatchObject({
      status: 422,
      code: 'invalid-input',
      field,
      faults: [{ field, rule }],
    });
    expect(await list()).toEqual([]);
  });

  it('never repeats an address or a credential: whoever knows them can send', async () => {
    const answer = await register({
      kind: 'webpush',
      address: 'http://secret.example',
      credential: 'secret',
    });
    expect([answer.status, answer.text.includes('secret')]).toEqual([422, false]);
  });
});

it('the key for Web Push is for everybody', async () => {
  const answer = await server.call('GET', '/webpush/key');
  expect([answer.status, answer.json]).toEqual([200, { publicKey: 'the public key' }]);
});

it('a device of a user that is deleted goes along', async () => {
  const { id } = (await register({ kind: 'mqtt' })).json as Device;
  await server.database.query('delete from user_account where id = $1', [user.id]);
  expect(await server.database.query('select 1 from device where id = $1', [id])).toEqual([]);
  expect(await build.user(server.database)).toBeGreaterThan(0);
});
