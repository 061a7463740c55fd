import { randomUUID } from 'node:crypto';
import { createOperatorDoor, type Reply } from '@tocsin/push';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../test/certificate.ts';
import { freePort } from '../../../test/free-port.ts';
import {
  CLIENT,
  createBrowser,
  startOpenIdProvider,
  type TestBrowser,
  type TestProvider,
} from '../../../test/open-id-provider.ts';
import { type RogueProvider, startRogueProvider } from '../../../test/rogue-provider.ts';
import { PASSWORD, startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { type BrowserSignIn, createBrowserSignIn, PATIENCE_MS } from '../../identity/open-id/browser.ts';
import type { ClaimNames } from '../../identity/open-id/person.ts';
import { createSeal } from '../../lib/seal.ts';
import { createGroup } from '../../store/user-group.ts';
import { OIDC_CALLBACK } from './routes.ts';

const CERTIFICATE = makeCertificate();
const CLAIMS: ClaimNames = { username: 'preferred_username', groups: 'groups' };
/** Where the provider sends browsers to; the test brings what it sends to wherever its server listens. */
const PUBLIC = 'https://tocsin.example.org';

let provider: TestProvider;
let server: V3Server;
let now = 0;

const browserSignIn = (serverUrl: string, ca?: string, claims = CLAIMS, timeoutMs = 5_000) =>
  createBrowserSignIn({
    provider: {
      serverUrl,
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      claims,
      door: createOperatorDoor({ url: serverUrl, allow: [], timeoutMs, ca }),
    },
    scopes: 'openid profile groups',
    redirectUri: PUBLIC + OIDC_CALLBACK,
    seal: createSeal(Buffer.alloc(32, 1), 'tests'),
    clock: () => now,
  });
/** The server's own is replaced from test to test. */
let current: BrowserSignIn;
const openId = {
  label: 'Example ID',
  browser: {
    start: (returnTo: string) => current.start(returnTo),
    finish: (query: string, sealed: string | null) => current.finish(query, sealed),
  },
};

beforeAll(async () => {
  provider = await startOpenIdProvider({
    certificate: CERTIFICATE,
    redirectUris: [PUBLIC + OIDC_CALLBACK],
  });
  server = await startV3Server({ api: { openId } });
  current = browserSignIn(provider.issuer, CERTIFICATE.cert);
});
afterAll(async () => {
  await server.stop();
  await provider.stop();
});

const here = (address: string) => address.replace(PUBLIC, server.origin);
const begin = (returnTo: string) =>
  `${server.origin}/api/v3/sign-in/oidc?returnTo=${encodeURIComponent(returnTo)}`;

/** Goes to the provider and back; what our own server answers to that. */
async function signIn(
  username: string,
  browser: TestBrowser = createBrowser(CERTIFICATE.cert),
  returnTo = '/',
) {
  const back = await browser.signIn(begin(returnTo), username, PUBLIC);
  return { back: here(back), reply: await browser.visit(here(back)), browser };
}
const meOf = async (browser: TestBrowser): Promise<unknown> =>
  JSON.parse((await browser.visit(`${server.origin}/api/v3/me`)).body.toString());
const faultOf = (location: string | undefined) =>
  new URL(location ?? '', PUBLIC).searchParams.get('signInError');
const using = async <T>(another: BrowserSignIn, work: () => Promise<T>): Promise<T> => {
  const before = current;
  current = another;
  try {
    return await work();
  } finally {
    current = before;
  }
};

describe('signing in at an OpenID provider in a browser', () => {
  it('is offered under its name, beside the password', async () => {
    const { json } = await server.call('GET', '/sign-in/methods');
    expect(json).toEqual({ items: [{ kind: 'oidc', label: 'Example ID' }, { kind: 'password' }] });
  });

  it('ends where it was to end, with a login in a cookie that no script can read', async () => {
    const { reply, browser } = await signIn('Ada', undefined, '/messages/7?a=b');
    expect([reply.status, reply.headers.location]).toEqual([302, '/messages/7?a=b']);
    const set = reply.headers['set-cookie'] ?? [];
    expect(set.find((one) => one.startsWith('tocsin='))).toMatch(/; Path=\/; HttpOnly; SameSite=Lax/);
    expect(await meOf(browser)).toMatchObject({ username: 'ada', isAdmin: false, isAuditor: false });
    const login = await browser.visit(`${server.origin}/api/v3/sessions/current`);
    expect(JSON.parse(login.body.toString())).toMatchObject({ user: { username: 'ada' } });
  });

  it('asks the provider for a code with state, nonce and PKCE, and remembers them sealed', async () => {
    const answer = await server.call('GET', '/sign-in/oidc');
    expect(answer.status).toBe(302);
    const asked = new URL(answer.headers.get('location') ?? '').searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      scope: 'openid profile groups',
      redirect_uri: PUBLIC + OIDC_CALLBACK,
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^.{43}$/),
    });
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^tocsin-sign-in=[A-Za-z0-9_:-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
    for (const secret of [asked.get('state'), asked.get('nonce')]) {
      expect(secret).toMatch(/^.{43}$/);
      expect(Buffer.from(cookie.split(/[=;]/)[1] ?? '', 'base64url').toString('latin1')).not.toContain(
        secret,
      );
    }
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    '//evil.example.org',
    '/\\evil.example.org',
    'https://evil.example.org',
    '/a\\b',
    '/\t/evil',
    'messages',
    '',
  ])('is not begun to end at %j', async (returnTo) => {
    const answer = await server.call('GET', `/sign-in/oidc?returnTo=${encodeURIComponent(returnTo)}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([422, null]);
  });

  it('follows the groups of the provider: roles and memberships come and go with them', async () => {
    const claims = { ...CLAIMS, adminGroup: 'operators', auditorGroup: 'reviewers' };
    await createGroup(server.database, { name: 'Night shift', source: 'oidc', externalName: 'night' });
    await using(browserSignIn(provider.issuer, CERTIFICATE.cert, claims), async () => {
      provider.groups.set('grace', ['operators', 'Night', 'of nobody here']);
      const first = await signIn('grace');
      expect(await meOf(first.browser)).toMatchObject({ isAdmin: true, isAuditor: false });
      expect(await groupsOf('grace')).toEqual(['Night shift']);
      provider.groups.set('grace', ['reviewers']);
      const second = await signIn('grace');
      expect(await meOf(second.browser)).toMatchObject({ isAdmin: false, isAuditor: true });
      expect(await groupsOf('grace')).toEqual([]);
      provider.groups.delete('grace');
      expect(await meOf((await signIn('grace')).browser)).toMatchObject({ isAdmin: false, isAuditor: false });
    });
  });
});

async function groupsOf(username: string): Promise<string[]> {
  const rows = await server.database.query<{ name: string }>(
    `select g.name from user_group g join group_member m on m.group_id = g.id
     join user_account u on u.id = m.user_id where u.username = $1`,
    [username],
  );
  return rows.map(({ name }) => name);
}

describe('a sign-in that cannot end well says why on the page where one signs in', () => {
  const expectFault = ({ reply }: { readonly reply: Reply }, fault: string) => {
    expect(reply.headers.location).toBe(`/?signInError=${fault}`);
    expect(JSON.stringify(reply.headers)).not.toContain('tocsin=');
  };

  it('when the person says no at the provider', async () => {
    const browser = createBrowser(CERTIFICATE.cert);
    const { headers } = await browser.visit(begin('/'));
    const { state } = Object.fromEntries(new URL(headers.location ?? '').searchParams);
    const reply = await browser.visit(`${server.origin}${OIDC_CALLBACK}?error=access_denied&state=${state}`);
    expectFault({ reply }, 'denied');
  });

  it('when the provider does not take the request', async () => {
    const browser = createBrowser(CERTIFICATE.cert);
    const { headers } = await browser.visit(begin('/'));
    const { state } = Object.fromEntries(new URL(headers.location ?? '').searchParams);
    const reply = await browser.visit(`${server.origin}${OIDC_CALLBACK}?error=invalid_scope&state=${state}`);
    expectFault({ reply }, 'provider-refused');
  });

  it('when the state is another one', async () => {
    const browser = createBrowser(CERTIFICATE.cert);
    const back = new URL(here(await browser.signIn(begin('/'), 'ada', PUBLIC)));
    back.searchParams.set('state', 'guessed');
    expectFault({ reply: await browser.visit(back.href) }, 'expired');
  });

  it('when another browser brings it back, or the same one twice', async () => {
    const { back, browser } = await signIn('ada');
    expectFault({ reply: await createBrowser().visit(back) }, 'expired');
    expectFault({ reply: await browser.visit(back) }, 'expired');
  });

  it('when the code was used already, whatever became of the cookie', async () => {
    const browser = createBrowser(CERTIFICATE.cert);
    const back = here(await browser.signIn(begin('/'), 'ada', PUBLIC));
    const kept = new Map(browser.cookies.get(server.origin));
    await browser.visit(back);
    browser.cookies.set(server.origin, kept);
    expectFault({ reply: await browser.visit(back) }, 'provider-refused');
  });

  it('when it took longer than ten minutes', async () => {
    const browser = createBrowser(CERTIFICATE.cert);
    const back = here(await browser.signIn(begin('/'), 'ada', PUBLIC));
    now += PATIENCE_MS;
    expectFault({ reply: await browser.visit(back) }, 'expired');
  });

  it('when the cookie is not of this server', async () => {
    const browser = createBrowser(CERTIFICATE.cert);
    const back = here(await browser.signIn(begin('/'), 'ada', PUBLIC));
    for (const cookie of ['', 'x', 'A'.repeat(400)]) {
      browser.cookies.set(server.origin, new Map([['tocsin-sign-in', cookie]]));
      expectFault({ reply: await browser.visit(back) }, 'expired');
    }
  });

  it('when the provider gives no name', async () => {
    expectFault(await signIn('nameless'), 'no-name');
  });

  it('when the account has its password here: the provider cannot take it over', async () => {
    await server.signedIn('local', true);
    expectFault(await signIn('local'), 'kept-here');
  });

  it('when the account is deactivated', async () => {
    await signIn('gone');
    await server.database.query(`update user_account set is_active = false where username = 'gone'`);
    expectFault(await signIn('gone'), 'inactive');
  });

  it('when the provider no longer knows the person', async () => {
    const browser = createBrowser(CERTIFICATE.cert);
    expect((await signIn('leaver', browser)).reply.headers.location).toBe('/');
    provider.removed.add('leaver');
    // With the session it still has there, and with a new one.
    for (const one of [browser, createBrowser(CERTIFICATE.cert)])
      await expect(signIn('leaver', one)).rejects.toThrow('did not send the browser back');
  });

  it('when the person is removed between the code and its exchange', async () => {
    const browser = createBrowser(CERTIFICATE.cert);
    const back = here(await browser.signIn(begin('/'), 'quick', PUBLIC));
    provider.removed.add('quick');
    expectFault({ reply: await browser.visit(back) }, 'provider-refused');
  });

  it('when our own secret is wrong there', async () => {
    const browser = createBrowser(CERTIFICATE.cert);
    const back = here(await browser.signIn(begin('/'), 'ada', PUBLIC));
    const provided = {
      serverUrl: provider.issuer,
      clientId: CLIENT.id,
      clientSecret: 'hunter2',
      claims: CLAIMS,
    };
    const door = createOperatorDoor({
      url: provider.issuer,
      allow: [],
      timeoutMs: 5_000,
      ca: CERTIFICATE.cert,
    });
    const wrong = createBrowserSignIn({
      provider: { ...provided, door },
      scopes: 'openid',
      redirectUri: PUBLIC + OIDC_CALLBACK,
      seal: createSeal(Buffer.alloc(32, 1), 'tests'),
      clock: () => now,
    });
    expectFault({ reply: await using(wrong, () => browser.visit(back)) }, 'provider-refused');
    expect(server.logged.join()).not.toContain('hunter2');
  });

  describe('when the provider', () => {
    const faultAtStart = async (url: string, ca?: string, timeoutMs?: number) => {
      const answer = await using(browserSignIn(url, ca, CLAIMS, timeoutMs), () =>
        server.call('GET', '/sign-in/oidc'),
      );
      return faultOf(answer.headers.get('location') ?? undefined);
    };
    const reasonAtStart = async (url: string, ca?: string, timeoutMs?: number) => {
      const answer = await browserSignIn(url, ca, CLAIMS, timeoutMs).start('/');
      return answer.kind === 'failed' ? answer.reason : null;
    };

    it('is dead', async () => {
      const url = `https://127.0.0.1:${await freePort()}`;
      expect(await faultAtStart(url, CERTIFICATE.cert)).toBe('provider-unreachable');
      expect(await reasonAtStart(url)).toContain('ECONNREFUSED');
    });

    it('dies between the two halves', async () => {
      const mortal = await startOpenIdProvider({ redirectUris: [PUBLIC + OIDC_CALLBACK] });
      await using(browserSignIn(mortal.issuer), async () => {
        const browser = createBrowser();
        const back = here(await browser.signIn(begin('/'), 'ada', PUBLIC));
        await mortal.stop();
        expectFault({ reply: await browser.visit(back) }, 'provider-unreachable');
      });
    });

    it('is slow', async () => {
      const rogue = await startRogueProvider();
      rogue.isSilent = true;
      expect(await faultAtStart(rogue.issuer, undefined, 150)).toBe('provider-unreachable');
      expect(await reasonAtStart(rogue.issuer, undefined, 150)).toContain('no answer within 150 ms');
      await rogue.stop();
    });

    it('has a certificate whose time is over', async () => {
      const certificate = makeCertificate('expired');
      const expired = await startOpenIdProvider({ certificate });
      expect(await faultAtStart(expired.issuer, certificate.cert)).toBe('provider-unreachable');
      expect(await reasonAtStart(expired.issuer, certificate.cert)).toContain('CERT_HAS_EXPIRED');
      await expired.stop();
    });

    it('has a certificate nobody vouches for', async () => {
      expect(await faultAtStart(provider.issuer)).toBe('provider-unreachable');
      expect(await reasonAtStart(provider.issuer)).toContain('SELF_SIGNED');
    });

    it('answers nonsense', async () => {
      const rogue = await startRogueProvider();
      expect(await faultAtStart(`${rogue.issuer}/elsewhere`)).toBe('provider-refused');
      await rogue.stop();
    });

    it('fails, and a local administrator signs in all the same', async () => {
      await server.signedIn('root', true);
      const url = `https://127.0.0.1:${await freePort()}`;
      expect(await faultAtStart(url)).toBe('provider-unreachable');
      const json = { username: 'root', password: PASSWORD, cookie: true };
      expect((await server.call('POST', '/sessions', { json })).status).toBe(201);
    });
  });

  describe('when the id_token', () => {
    it.each<[what: string, change: (rogue: RogueProvider) => void, fault: string | null]>([
      ['is as it should be', () => undefined, null],
      ['is not signed', (rogue) => void Object.assign(rogue, { signature: 'none' }), 'invalid-token'],
      [
        'is signed by another key',
        (rogue) => void Object.assign(rogue, { signature: 'foreign' }),
        'invalid-token',
      ],
      [
        'has another nonce',
        (rogue) => void Object.assign(rogue.claims, { nonce: 'guessed' }),
        'invalid-token',
      ],
      ['has no nonce', (rogue) => void Object.assign(rogue.claims, { nonce: undefined }), 'invalid-token'],
      [
        'is for another client',
        (rogue) => void Object.assign(rogue.claims, { aud: 'other' }),
        'invalid-token',
      ],
      [
        'is of another issuer',
        (rogue) => void Object.assign(rogue.claims, { iss: 'https://a' }),
        'invalid-token',
      ],
      ['has run out', (rogue) => void Object.assign(rogue.claims, { exp: 1 }), 'invalid-token'],
      [
        'is of somebody else than userinfo',
        (rogue) => void Object.assign(rogue.userInfo, { sub: 'x' }),
        'invalid-token',
      ],
      [
        'comes with a name full of blanks',
        (rogue) => void Object.assign(rogue.userInfo, { preferred_username: ' ada' }),
        'no-name',
      ],
      [
        'comes with a name that is none',
        (rogue) => void Object.assign(rogue.userInfo, { preferred_username: ['ada'] }),
        'no-name',
      ],
    ])('%s', async (_what, change, fault) => {
      const rogue = await startRogueProvider();
      await using(browserSignIn(rogue.issuer), async () => {
        const browser = createBrowser();
        const { headers } = await browser.visit(begin('/'));
        const { state, nonce } = Object.fromEntries(new URL(headers.location ?? '').searchParams);
        rogue.claims.nonce = nonce;
        rogue.userInfo = { preferred_username: `user-${randomUUID()}` };
        change(rogue);
        const reply = await browser.visit(`${server.origin}${OIDC_CALLBACK}?code=c&state=${state}`);
        expect(faultOf(reply.headers.location)).toBe(fault);
      });
      await rogue.stop();
    });
  });
});

describe('a server without a provider for browsers', () => {
  it('offers the password only, and has no such address', async () => {
    const plain = await startV3Server();
    expect((await plain.call('GET', '/sign-in/methods')).json).toEqual({ items: [{ kind: 'password' }] });
    for (const path of ['/sign-in/oidc', '/sign-in/oidc/callback'])
      expect((await plain.call('GET', path)).json).toMatchObject({ status: 404, code: 'not-found' });
    await plain.stop();
  });
});
