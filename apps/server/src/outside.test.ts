/**
 * Everything that can make this server talk to an address of somebody else's choosing, against every known way of
 * hiding that the address lies inside. A canary that listens on the loopback interface counts who got through.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type LookupFunction, type Server } from 'node:net';
import {
  createAddressGuard,
  createDoor,
  createNodeClient,
  createOperatorDoor,
  createWebPushTransport,
  generateVapidKeys,
  type Outcome,
} from '@tocsin/push';
import {
  type FakeWebPushService,
  outcomesOf,
  sampleBatch,
  startFakeWebPushService,
} from '@tocsin/push/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLIENT } from '../test/open-id-provider.ts';
import { type RogueProvider, startRogueProvider } from '../test/rogue-provider.ts';
import { startV3Server, type V3Server } from '../test/v3-server.ts';
import { createOpenId } from './identity/open-id/phone.ts';

/** PORT stands for the canary's. */
const SPELLINGS: readonly (readonly [trick: string, address: string])[] = [
  ['the plain address', 'https://127.0.0.1:PORT/x'],
  ['plain http', 'http://127.0.0.1:PORT/x'],
  ['an upper-case scheme', 'HTTP://127.0.0.1:PORT/x'],
  ['another scheme', 'gopher://127.0.0.1:PORT/x'],
  ['a scheme over TLS that is none', 'wss://127.0.0.1:PORT/x'],
  ['a user name that looks like a host', 'https://push.example.org@127.0.0.1:PORT/x'],
  ['a user name and password', 'https://push.example.org:443@127.0.0.1:PORT/x'],
  ['an empty user name', 'https://@127.0.0.1:PORT/x'],
  ['two at signs', 'https://a@push.example.org@127.0.0.1:PORT/x'],
  ['the address as user name', 'https://127.0.0.1:PORT@push.example.org/x'],
  ['a backslash before an at sign', 'https://127.0.0.1:PORT\\@push.example.org/x'],
  ['backslashes for slashes', 'https:\\\\127.0.0.1:PORT\\x'],
  ['one slash', 'https:/127.0.0.1:PORT/x'],
  ['no slash', 'https:127.0.0.1:PORT/x'],
  ['three slashes', 'https:///127.0.0.1:PORT/x'],
  ['a fragment that hides the rest', 'https://127.0.0.1:PORT#.push.example.org/x'],
  ['a fragment with another host', 'https://127.0.0.1:PORT/#@push.example.org/x'],
  ['a query with another host', 'https://127.0.0.1:PORT?.push.example.org/x'],
  ['an allowed name in the path', 'https://127.0.0.1:PORT/push.example.org/x'],
  ['a path that climbs', 'https://127.0.0.1:PORT/%2e%2e/%252e%252e/x'],
  ['a line break in the path', 'https://127.0.0.1:PORT/x\r\nhost: push.example.org'],
  ['an encoded line break', 'https://127.0.0.1:PORT/x%0d%0ahost:%20push.example.org'],
  ['a tab in the host', 'https://127.0.\t0.1:PORT/x'],
  ['a line break in the scheme', 'ht\ntps://127.0.0.1:PORT/x'],
  ['a blank before it', ' https://127.0.0.1:PORT/x'],
  ['a leading zero in the port', 'https://127.0.0.1:0PORT/x'],
  ['two ports', 'https://127.0.0.1:PORT:443/x'],
  ['a port with a sign', 'https://127.0.0.1:+PORT/x'],
  ['no port', 'https://127.0.0.1:/x'],
  ['port 0', 'https://push.example.org:0/x'],
  ['a decimal address', 'https://2130706433:PORT/x'],
  ['a hexadecimal address', 'https://0x7f000001:PORT/x'],
  ['hexadecimal parts', 'https://0x7f.0x0.0x0.0x1:PORT/x'],
  ['an octal address', 'https://017700000001:PORT/x'],
  ['octal parts', 'https://0177.0.0.01:PORT/x'],
  ['a short address', 'https://127.1:PORT/x'],
  ['a shorter one', 'https://0x7f.1:PORT/x'],
  ['another loopback address', 'https://127.255.255.254:PORT/x'],
  ['an address too large', 'https://4294967297:PORT/x'],
  ['zero', 'https://0:PORT/x'],
  ['the unspecified address', 'https://0.0.0.0:PORT/x'],
  ['a final dot', 'https://127.0.0.1.:PORT/x'],
  ['localhost', 'https://localhost:PORT/x'],
  ['localhost in capitals', 'https://LOCALHOST:PORT/x'],
  ['localhost with a final dot', 'https://localhost.:PORT/x'],
  ['a name below localhost', 'https://push.localhost:PORT/x'],
  ['full-width digits', 'https://１２７.０.０.１:PORT/x'],
  ['circled digits', 'https://①②⑦.⓪.⓪.①:PORT/x'],
  ['ideographic full stops', 'https://127。0。0。1:PORT/x'],
  ['full-width letters', 'https://ｌｏｃａｌｈｏｓｔ:PORT/x'],
  ['a soft hyphen', 'https://local\u00adhost:PORT/x'],
  ['an encoded host', 'https://%31%32%37.0.0.1:PORT/x'],
  ['a doubly encoded host', 'https://%2531%2532%2537.0.0.1:PORT/x'],
  ['an encoded dot', 'https://127%2e0%2e0%2e1:PORT/x'],
  ['a NUL in the host', 'https://127.0.0.1%00.push.example.org:PORT/x'],
  ['IPv6 loopback', 'https://[::1]:PORT/x'],
  ['IPv6 loopback written out', 'https://[0:0:0:0:0:0:0:1]:PORT/x'],
  ['IPv6 unspecified', 'https://[::]:PORT/x'],
  ['IPv4-mapped', 'https://[::ffff:127.0.0.1]:PORT/x'],
  ['IPv4-mapped in hexadecimal', 'https://[::ffff:7f00:1]:PORT/x'],
  ['IPv4-compatible', 'https://[::127.0.0.1]:PORT/x'],
  ['IPv4-translated', 'https://[::ffff:0:7f00:1]:PORT/x'],
  ['NAT64', 'https://[64:ff9b::7f00:1]:PORT/x'],
  ['local-use NAT64', 'https://[64:ff9b:1::7f00:1]:PORT/x'],
  ['6to4', 'https://[2002:7f00:1::1]:PORT/x'],
  ['Teredo', 'https://[2001:0:7f00:1::1]:PORT/x'],
  ['a zone id', 'https://[::1%25lo]:PORT/x'],
  ['a link-local address with a zone', 'https://[fe80::1%25lo]:PORT/x'],
  ['unique local', 'https://[fd00::1]:PORT/x'],
  ['multicast', 'https://[ff02::1]:PORT/x'],
  ['the address of cloud metadata', 'https://169.254.169.254:PORT/latest'],
  ['a private network', 'https://192.168.0.1:PORT/x'],
  ['carrier-grade NAT', 'https://100.64.0.1:PORT/x'],
];

interface Name {
  readonly trick: string;
  readonly name: string;
  /** What a resolver says, time after time. */
  readonly answers: readonly (readonly string[])[];
}
const LOOPBACK = [['127.0.0.1']];
const NAME = 'push.example.org';
const NAMES: readonly Name[] = [
  { trick: 'resolves to loopback', name: NAME, answers: LOOPBACK },
  { trick: 'holds an address', name: '127.0.0.1.example.org', answers: LOOPBACK },
  { trick: 'has no dot', name: 'intranet', answers: LOOPBACK },
  { trick: 'has capitals and a final dot', name: 'PUSH.Example.org.', answers: LOOPBACK },
  { trick: 'resolves to IPv6 loopback', name: NAME, answers: [['::1']] },
  { trick: 'resolves to a mapped address', name: NAME, answers: [['::ffff:127.0.0.1']] },
  { trick: 'resolves to a NAT64 address', name: NAME, answers: [['64:ff9b::7f00:1']] },
  { trick: 'resolves to the unspecified address', name: NAME, answers: [['0.0.0.0']] },
  { trick: 'mixes public and private', name: NAME, answers: [['1.1.1.1', '127.0.0.1']] },
  { trick: 'mixes private and public', name: NAME, answers: [['127.0.0.1', '2606:4700:4700::1111']] },
  {
    trick: 'is public when checked, private when connected',
    name: NAME,
    answers: [['1.1.1.1'], ['127.0.0.1']],
  },
  { trick: 'has no address', name: NAME, answers: [[]] },
];

let canary: Server;
let canaryPort: number;
let visits = 0;
let server: V3Server;
let token: string;
let rogue: RogueProvider;
let pushService: FakeWebPushService;
let credential: string;

beforeAll(async () => {
  // Every address of this machine, of both families.
  canary = createServer((socket) => {
    visits++;
    socket.on('error', () => undefined).destroy();
  }).listen(0, '::');
  await once(canary, 'listening');
  canaryPort = (canary.address() as AddressInfo).port;
  [server, rogue, pushService] = [
    await startV3Server(),
    await startRogueProvider(),
    await startFakeWebPushService(),
  ];
  ({ token } = await server.signedIn('ada'));
  ({ credential } = pushService.subscribe());
});
afterAll(async () => {
  canary.close();
  await server.stop();
  await rogue.stop();
  await pushService.close();
});
beforeEach(() => {
  visits = 0;
});
afterEach(() => {
  for (const field of Object.keys(rogue.document)) delete rogue.document[field];
});

const at = (address: string) => address.replace('PORT', String(canaryPort));

function resolver(answers: readonly (readonly string[])[]): LookupFunction {
  let asked = 0;
  return (_name, _options, callback) => {
    const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}
/** No literal address may reach it. */
const neverAsked: LookupFunction = (_name, _options, callback) =>
  callback(null, [{ address: '127.0.0.1', family: 4 }]);

const register = (kind: string, address: string) =>
  server.call('POST', '/devices', { token, json: { kind, address, credential } });

async function push(
  address: string,
  resolve: LookupFunction,
  allow: string[] = [],
): Promise<Outcome | undefined> {
  const transport = createWebPushTransport(
    {
      kind: 'webpush',
      vapid: generateVapidKeys(),
      subject: 'mailto:tests@example.org',
      guard: createAddressGuard(allow, resolve),
      ca: pushService.ca,
      requestTimeoutMs: 2_000,
    },
    { createClient: createNodeClient, clock: Date.now },
  );
  try {
    const batch = { ...sampleBatch([address]), credentials: [credential] };
    return (await outcomesOf(transport, batch))[0];
  } finally {
    await transport.close();
  }
}

const door = (resolve: LookupFunction, allow: string[] = []) =>
  createDoor({ guard: createAddressGuard(allow, resolve), timeoutMs: 2_000 });

/** A sign-in at a provider whose document names the address. */
function signIn(field: string, address: string, resolve: LookupFunction, allow: string[] = []) {
  rogue.document[field] = address;
  return signInAt(rogue.issuer, resolve, allow);
}

function signInAt(url: string, resolve: LookupFunction, allow: string[]) {
  const openId = createOpenId({
    serverUrl: url,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    claims: { username: 'preferred_username', groups: 'groups' },
    door: createOperatorDoor({ url, allow, timeoutMs: 2_000, resolve }),
  });
  return openId.exchange({
    code: 'c',
    codeVerifier: 'v'.repeat(43),
    clientId: CLIENT.id,
    redirectUri: 'https://tocsin.example.org/callback',
  });
}
const ENDPOINTS = ['token_endpoint', 'jwks_uri', 'userinfo_endpoint'] as const;

it('the canary hears who gets through', async () => {
  for (const host of ['127.0.0.1', '127.255.255.254', '::1']) {
    const socket = connect(canaryPort, host);
    await once(socket, 'close');
  }
  expect(visits).toBe(3);
  expect((await signIn('nothing_of_ours', 'x', neverAsked)).kind).toBe('ok');
});

describe.each(SPELLINGS)('an address with %s (%j)', (_trick, spelling) => {
  it.each(['webpush', 'unifiedpush'])('is not registered as %s', async (kind) => {
    expect((await register(kind, at(spelling))).status).toBe(422);
  });

  it('is not sent to', async () => {
    expect((await push(at(spelling), neverAsked))?.kind).toBe('refused');
    expect(visits).toBe(0);
  });

  it('is not asked through the door', async () => {
    for (const method of ['GET', 'POST'] as const)
      await expect(door(neverAsked).ask({ method, url: at(spelling) })).rejects.toThrow();
    expect(visits).toBe(0);
  });

  it.each(ENDPOINTS)('is not asked as the %s of a provider', async (field) => {
    expect((await signIn(field, at(spelling), neverAsked)).kind).not.toBe('ok');
    expect(visits).toBe(0);
  });
});

describe.each(NAMES)('a name that $trick', ({ name, answers }) => {
  const address = () => `https://${name}:${canaryPort}/x`;
  /** Of somebody who has asked once before, as a check would. */
  const resolve = () => {
    const resolving = resolver(answers);
    if (answers.length > 1) resolving(name, { all: true }, () => undefined);
    return resolving;
  };

  it('is registered, since names are not resolved then, and not sent to', async () => {
    expect([200, 201]).toContain((await register('webpush', address())).status);
    expect((await push(address(), resolve()))?.kind).toBe('refused');
    expect(visits).toBe(0);
  });

  it('is not asked through the door, nor as an endpoint of a provider', async () => {
    await expect(door(resolve()).ask({ method: 'GET', url: address() })).rejects.toThrow(/is at|no address/);
    for (const field of ENDPOINTS) expect((await signIn(field, address(), resolve())).kind).not.toBe('ok');
    expect(visits).toBe(0);
  });
});

describe('a name that moves', () => {
  it('after the first connection of the transport was made is not followed', async () => {
    pushService.deliver();
    const before = pushService.connections;
    const { port } = new URL(pushService.origin);
    // 127.0.0.1 plays the public address; the canary's stands for what lies inside.
    const flips = resolver([['127.0.0.1'], ['127.0.0.2']]);
    const outcome = await push(`https://${NAME}:${port}/x`, flips, ['127.0.0.1']);
    expect(outcome).toMatchObject({ kind: 'refused', reason: `${NAME} is at a loopback address` });
    expect(pushService.connections).toBe(before + 1);
    expect(pushService.requests).toBe(0);
  });
});

describe('a redirect to the inside', () => {
  const inside = () => `http://127.0.0.1:${canaryPort}/x`;
  const toPushService = (): LookupFunction => resolver([['127.0.0.1']]);

  it('of a push service is not followed', async () => {
    pushService.redirect(inside());
    const { address } = pushService.subscribe();
    const outcome = await push(address, toPushService(), ['localhost']);
    pushService.deliver();
    expect(outcome?.kind).not.toBe('accepted');
    expect(visits).toBe(0);
  });

  it.each(['discovery', ...ENDPOINTS])('of a provider is not followed (%s)', async (what) => {
    const from = await startRedirect(inside());
    try {
      if (what !== 'discovery') {
        expect((await signIn(what, from.url, neverAsked, ['127.0.0.1'])).kind).not.toBe('ok');
      } else {
        expect((await signInAt(from.url, neverAsked, [])).kind).toBe('unreachable');
      }
      expect(from.asked()).toBe(1);
      expect(visits).toBe(0);
    } finally {
      from.stop();
    }
  });
});

describe('an allowed endpoint on the LAN', () => {
  it('is registered, sent to and asked', async () => {
    const { address, credential: own } = pushService.subscribe();
    const lan = resolver([['127.0.0.1']]);
    const guard = createAddressGuard(['localhost'], lan);
    const transport = createWebPushTransport(
      {
        kind: 'unifiedpush',
        vapid: generateVapidKeys(),
        subject: 'mailto:tests@example.org',
        guard,
        ca: pushService.ca,
      },
      { createClient: createNodeClient, clock: Date.now },
    );
    expect(transport.checkAddress({ address, credential: own })).toBeNull();
    const batch = { ...sampleBatch([address]), credentials: [own] };
    expect((await outcomesOf(transport, batch)).map(({ kind }) => kind)).toEqual(['accepted']);
    await transport.close();
    const url = rogue.issuer.replace('127.0.0.1', 'localhost');
    expect((await door(lan, ['localhost']).ask({ method: 'GET', url: `${url}/me` })).status).toBe(200);
  });

  it('may be named by a provider, when OUTSIDE_ALLOW says so', async () => {
    const other = await startRogueProvider();
    const endpoint = `${other.issuer}/me`;
    expect((await signIn('userinfo_endpoint', endpoint, neverAsked)).kind).not.toBe('ok');
    expect((await signIn('userinfo_endpoint', endpoint, neverAsked, ['127.0.0.0/8'])).kind).toBe('ok');
    await other.stop();
  });
});

async function startRedirect(location: string) {
  let asked = 0;
  const redirecting = createHttpServer((_request, reply) => {
    asked++;
    reply.writeHead(307, { location }).end();
  }).listen(0, '127.0.0.1');
  await once(redirecting, 'listening');
  const url = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
  return { url, asked: () => asked, stop: () => redirecting.close() };
}
