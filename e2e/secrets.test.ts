/**
 * Secrets are planted wherever a server has some, everything is asked right and wrong at the most talkative log level,
 * and nothing that the server said afterwards may hold one of them.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeApns, startFakeFcm } from '@tocsin/push/testing';
import { type ServerProcess, startServer } from '@tocsin/server/testing';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';

const planted = new Map<string, string>();
const plant = (
  name: string,
  value: string | undefined = `planted-${randomBytes(9).toString('hex')}`,
): string => {
  planted.set(name, value);
  return value;
};

let folder: string;
let server: ServerProcess;
let providers: { close(): Promise<void> }[];
/** Everything the server answered, by what was asked. */
const answers: { asked: string; text: string }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-secrets-'));
  const [apns, fcm] = [await startFakeApns({}), await startFakeFcm({})];
  providers = [apns, fcm];
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  plant('the key of Apple', apns.p8.split('\n')[1]);
  plant('the key of Google', fcm.serviceAccount.private_key.split('\n')[1]);
  server = await startServer({
    LOG_LEVEL: 'trace',
    TOCSIN_ADMIN_PASSWORD: plant('the administrator’s password'),
    DEMO_ACCOUNT_PASSWORD: plant('the demo password'),
    AUTHENTICATION_METHODS: 'local,ldap,url',
    // Nobody is there: what goes wrong is logged.
    AUTHENTICATION_URL: `http://me:${plant('the password in a URL')}@127.0.0.1:9/check`,
    LDAP_URL: 'ldap://127.0.0.1:9',
    LDAP_BASE_DN: 'dc=example',
    LDAP_BIND_DN: 'cn=reader,dc=example',
    LDAP_BIND_PASSWORD: plant('the LDAP password'),
    OIDC_SERVER_URL: 'http://127.0.0.1:9',
    OIDC_CLIENT_SECRET: plant('the OIDC secret'),
    APNS_KEY_FILE: file('key.p8', apns.p8),
    APNS_KEY_ID: apns.keyId,
    APNS_TEAM_ID: apns.teamId,
    APNS_TOPIC: apns.topic,
    APNS_URL: apns.url,
    FCM_SERVICE_ACCOUNT_FILE: file('account.json', JSON.stringify(fcm.serviceAccount)),
    FCM_URL: fcm.url,
  });
}, 120_000);
afterAll(async () => {
  for (const provider of providers) await provider.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Asked {
  readonly token?: string | undefined;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Record<string, string>;
  /** The answer shows a secret once, as it must. */
  readonly shows?: boolean;
}

/** The few fields of answers that are used. */
interface Answer {
  readonly id?: string | number;
  readonly key?: string;
  readonly token?: string;
}

async function ask(
  method: string,
  path: string,
  { token, json, text, headers, shows }: Asked = {},
): Promise<Answer> {
  const body = json === undefined ? text : JSON.stringify(json);
  const answer = await fetch(`${server.url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: new TextEncoder().encode(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  // The live stream does not end by itself.
  if (answer.headers.get('content-type')?.startsWith('text/event-stream')) {
    await answer.body?.cancel();
    return {};
  }
  const said = await answer.text();
  const heads = [...answer.headers].filter(([name]) => name !== 'set-cookie').join('\n');
  if (!shows) answers.push({ asked: `${method} ${path}`, text: `${heads}\n${said}` });
  const isObject = /^application\/(?:problem\+)?json/.test(answer.headers.get('content-type') ?? '');
  return isObject && said !== '' ? (JSON.parse(said) as Answer) : {};
}
const v3 = (method: string, path: string, asked?: Asked) => ask(method, `/api/v3${path}`, asked);

/** Signs in, and remembers the token and what only it holds of itself as secrets. */
async function signIn(name: string, password: string): Promise<string> {
  const { token } = await v3('POST', '/sessions', { json: { username: name, password }, shows: true });
  if (!token) throw new Error(`${name} could not sign in`);
  plant(`the signature of the login of ${name}`, token.split('.')[2]);
  return plant(`the login of ${name}`, token);
}

it('no secret is in a log or an answer after everything was asked, right and wrong', async () => {
  const admin = await signIn('admin', planted.get('the administrator’s password') ?? '');
  await useEverything(admin);
  await askEverythingWrongly(admin);
  for (const path of ['/metrics', '/-/ready', '/api/v3/audit/export', '/docs/errors', '/'])
    await ask('GET', path, { token: admin });
  await server.stop(true);
  plant(
    'the key file',
    readFileSync(join(server.dataDir, 'secret.key'), 'utf8').trim().split(/[\s:]/).at(-1),
  );
  rmSync(server.dataDir, { recursive: true, force: true });

  const log = server.log();
  expect(log.split('\n').length).toBeGreaterThan(10);
  expect(answers.length).toBeGreaterThan(250);
  expect(planted.size).toBeGreaterThan(20);
  const places = [{ asked: 'the log', text: log }, ...answers];
  const found = [...planted].flatMap(([name, value]) =>
    places.filter(({ text }) => holds(text, value)).map(({ asked }) => `${name} is in ${asked}`),
  );
  expect(found).toEqual([]);
}, 120_000);

/** Also as it stands in JSON, in a URL and in base64. */
function holds(text: string, secret: string): boolean {
  if (secret.length < 8) throw new Error('too short to be found again');
  const spellings = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  ];
  return spellings.some((spelling) => text.includes(spelling));
}

async function useEverything(admin: string): Promise<void> {
  const password = plant('a user’s password');
  const { id } = await v3('POST', '/users', { token: admin, json: { username: 'ada', password } });
  const ada = await signIn('ada', password);
  await v3('POST', '/sessions', { json: { username: 'ada', password: plant('a wrong password') } });
  const next = plant('a new password');
  await v3('PUT', '/me/password', { token: ada, json: { current: password, next } });
  await v3('PATCH', `/users/${id}`, {
    token: admin,
    json: { password: plant('a password given by another') },
  });
  await ask('POST', '/api/v2/login', {
    text: `username=ada&password=${next}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  await ask('POST', '/api/v2/open_id_connect', {
    json: {
      code: plant('an OIDC code'),
      code_verifier: plant('a verifier'),
      client_id: 'notify',
      redirect_uri: 'x',
    },
  });
  const service = await v3('POST', '/services', {
    token: admin,
    json: { category: 'Pumps', color: '00ff00' },
  });
  await useKeys(admin, String(service.id));
  await useDevices(admin, String(service.id));
  await useCodes(admin);
}

async function useCodes(admin: string): Promise<void> {
  const invited = { token: admin, json: { username: 'grace' }, shows: true };
  const { code, user } = (await v3('POST', '/invitations', invited)) as {
    code?: string;
    user?: { id: number };
  };
  const invitation = plant('the code of an invitation', code);
  const password = plant('a password that was chosen');
  await v3('POST', '/one-time-codes/look', { json: { code: invitation } });
  for (const json of [{ code: invitation }, { code: [invitation] }, { code: `${invitation}x` }])
    await v3('POST', '/one-time-codes/use', { json });
  for (const shows of [true, false])
    await v3('POST', '/one-time-codes/use', { json: { code: invitation, password }, shows });
  const reset = await v3('POST', `/users/${user?.id}/reset-link`, { token: admin, shows: true });
  plant('the code of a reset', (reset as { code?: string }).code);
  const pairing = (await v3('POST', '/me/pairings', { token: admin, shows: true })) as { code?: string };
  plant('the code of a pairing', pairing.code);
  await ask('GET', `/welcome?code=${pairing.code}`);
}

async function useKeys(admin: string, serviceId: string): Promise<void> {
  const keys = `/services/${serviceId}/keys`;
  const made = await v3('POST', keys, { token: admin, json: { name: 'k' }, shows: true });
  plant('a service key', made.key);
  const own = await v3('POST', '/me/keys', {
    token: admin,
    json: { name: 'k', scopes: ['admin'] },
    shows: true,
  });
  plant('a personal key', own.key);
  const rotation = { token: admin, json: { overlapSeconds: 60 }, shows: true };
  plant('a rotated key', (await v3('POST', `${keys}/${made.id}/rotation`, rotation)).key);
  const publish = `/services/${serviceId}/notifications`;
  await v3('POST', publish, { token: made.key, json: { title: 'by bearer' } });
  await v3('POST', `${publish}?key=${made.key}`, { json: { title: 'in the address' } });
  await v3('POST', `${publish}?key=${made.key}x`, { json: { title: 'wrong' } });
  await v3('POST', publish, { headers: { 'x-service-key': `${own.key}` }, json: { title: 5 } });
  await v3('GET', '/users', { token: own.key });
  await v3('DELETE', `/me/keys/${own.id}`, { token: admin });
  await v3('GET', '/users', { token: own.key });
}

async function useDevices(admin: string, serviceId: string): Promise<void> {
  const { mqtt: device } = (await v3('POST', '/devices', {
    token: admin,
    json: { kind: 'mqtt' },
    shows: true,
  })) as unknown as { mqtt: { username: string; password: string; topic: string } };
  plant('an MQTT password', device.password);
  const address = randomBytes(32).toString('hex');
  plant('a device token of Apple’s', address);
  const google = plant('a registration token of Google’s', `c${randomBytes(20).toString('hex')}:APA91b`);
  plant('an auth secret of a browser', randomBytes(16).toString('base64url'));
  await v3('POST', '/devices', { token: admin, json: { kind: 'apns', address } });
  await v3('POST', '/devices', { token: admin, json: { kind: 'fcm', address: google } });
  await v3('POST', '/devices', {
    token: admin,
    json: {
      kind: 'webpush',
      address: `https://push.example/${plant('an endpoint of a browser')}`,
      credential: `x.${planted.get('an auth secret of a browser')}`,
    },
  });
  await v3('PUT', `/subscriptions/${serviceId}`, { token: admin });
  const connect = (password: string) =>
    mqtt.connectAsync(`${server.url.replace('http', 'ws')}/mqtt`, {
      username: device.username,
      password,
      protocolVersion: 4,
      reconnectPeriod: 0,
      connectTimeout: 5_000,
    });
  await connect(plant('a wrong MQTT password')).catch(() => undefined);
  const client = await connect(device.password);
  const heard = new Promise<string>((resolve) =>
    client.once('message', (_topic, text) => resolve(String(text))),
  );
  await client.subscribeAsync(device.topic, { qos: 1 });
  await v3('POST', `/services/${serviceId}/notifications`, { token: admin, json: { title: 'to all' } });
  const { receipt, receiptToken } = JSON.parse(await heard) as { receipt?: string; receiptToken?: string };
  const token = plant('a receipt token', receipt ?? receiptToken);
  await v3('POST', '/receipts', { json: { token, event: 'opened' } });
  await v3('POST', '/receipts', { json: { token: `${token.slice(0, -4)}AAAA`, event: 'opened' } });
  await client.endAsync();
}

interface Operation {
  readonly requestBody?: object;
}

/** Every route with secrets in every field, with the right login and with wrong ones. */
async function askEverythingWrongly(admin: string): Promise<void> {
  const { paths } = (await (await fetch(`${server.url}/api/v3/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  const secrets = [...planted.values()];
  const wrongly = Object.fromEntries(
    [
      'password',
      'current',
      'next',
      'token',
      'credential',
      'address',
      'p8',
      'code',
      'key',
      'serviceAccount',
    ].map((field, index) => [field, secrets[index % secrets.length]]),
  );
  const ended = planted.get('the login of ada');
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { requestBody }] of Object.entries(operations)) {
      // It would sign the administrator out.
      if (method === 'delete' && path.includes('/sessions')) continue;
      const filled = path
        .replace(/\{(?:service|session)Id\}/g, '6f1c2a34-0000-4000-8000-000000000001')
        .replace(/\{\w+\}/g, '999999');
      const json = requestBody ? { json: wrongly } : {};
      // One's own addresses are one's own data.
      await ask(method.toUpperCase(), filled, { token: admin, ...json, shows: path.endsWith('/me/export') });
      await ask(method.toUpperCase(), filled, { token: ended, ...json });
      await ask(method.toUpperCase(), filled, { token: planted.get('a personal key'), ...json });
      await ask(method.toUpperCase(), filled, { headers: { cookie: `tocsin=${ended}` }, ...json });
      if (requestBody)
        await ask(method.toUpperCase(), filled, {
          token: admin,
          text: `{"password": "${secrets[0]}", `,
          headers: { 'content-type': 'application/json' },
        });
    }
  }
}
