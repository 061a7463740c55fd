import { randomUUID } from 'node:crypto';
import type { Reply } from '@tocsin/push';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../test/certificate.ts';
import { freePort } from '../../../test/free-port.ts';
import { createBrowser, startOpenIdProvider } from '../../../test/open-id-provider.ts';
import { type RogueProvider, startRogueProvider } from '../../../test/rogue-provider.ts';
import { PASSWORD } from '../../../test/v3-server.ts';
import { PATIENCE_MS } from '../../identity/open-id/browser.ts';
import { OIDC_CALLBACK } from './routes.ts';
import { type Given, REDIRECT, type SignInStage, startSignInStage } from './testing/sign-in-stage.ts';

let stage: SignInStage;
beforeAll(async () => {
  stage = await startSignInStage();
});
afterAll(() => stage.stop());

const faultOf = (location: string | undefined) =>
  new URL(location ?? '', stage.server.origin).searchParams.get('signInError');

interface Lie extends Partial<Pick<RogueProvider, 'claims' | 'userInfo' | 'signature'>> {
  readonly what: string;
  readonly fault: string | null;
}

describe('a sign-in that cannot end well says why on the page where one signs in', () => {
  const expectFault = ({ reply }: { readonly reply: Reply }, fault: string) => {
    expect(reply.headers.location).toBe(`/?signInError=${fault}`);
    expect(JSON.stringify(reply.headers)).not.toContain('tocsin=');
  };

  it('when the person says no at the provider', async () => {
    const browser = stage.newBrowser();
    const { headers } = await browser.visit(stage.begin());
    const { state } = Object.fromEntries(new URL(headers.location ?? '').searchParams);
    const reply = await browser.visit(
      `${stage.server.origin}${OIDC_CALLBACK}?error=access_denied&state=${state}`,
    );
    expectFault({ reply }, 'denied');
  });

  it('when the provider does not take the request', async () => {
    const browser = stage.newBrowser();
    const { headers } = await browser.visit(stage.begin());
    const { state } = Object.fromEntries(new URL(headers.location ?? '').searchParams);
    const reply = await browser.visit(
      `${stage.server.origin}${OIDC_CALLBACK}?error=invalid_scope&state=${state}`,
    );
    expectFault({ reply }, 'provider-refused');
  });

  it('when the state is another one', async () => {
    const browser = stage.newBrowser();
    const back = new URL(await stage.wayBack(browser, 'ada'));
    back.searchParams.set('state', 'guessed');
    expectFault({ reply: await browser.visit(back.href) }, 'expired');
  });

  it('when another browser brings it back, or the same one twice', async () => {
    const { back, browser } = await stage.signIn('ada');
    expectFault({ reply: await createBrowser().visit(back) }, 'expired');
    expectFault({ reply: await browser.visit(back) }, 'expired');
  });

  it('when the code was used already, whatever became of the cookie', async () => {
    const browser = stage.newBrowser();
    const back = await stage.wayBack(browser, 'ada');
    const kept = new Map(browser.cookies.get(stage.server.origin));
    await browser.visit(back);
    browser.cookies.set(stage.server.origin, kept);
    expectFault({ reply: await browser.visit(back) }, 'provider-refused');
  });

  it('when it took longer than ten minutes', async () => {
    const browser = stage.newBrowser();
    const back = await stage.wayBack(browser, 'ada');
    stage.advance(PATIENCE_MS);
    expectFault({ reply: await browser.visit(back) }, 'expired');
  });

  it('when the cookie is not of this server', async () => {
    const browser = stage.newBrowser();
    const back = await stage.wayBack(browser, 'ada');
    for (const cookie of ['', 'x', 'A'.repeat(400)]) {
      browser.cookies.set(stage.server.origin, new Map([['tocsin-sign-in', cookie]]));
      expectFault({ reply: await browser.visit(back) }, 'expired');
    }
  });

  it('when the provider gives no name', async () => {
    expectFault(await stage.signIn('nameless'), 'no-name');
  });

  it('when the account has its password here: the provider cannot take it over', async () => {
    await stage.server.signedIn('local', true);
    expectFault(await stage.signIn('local'), 'kept-here');
  });

  it('when the account is deactivated', async () => {
    await stage.signIn('gone');
    await stage.server.database.query(`update user_account set is_active = false where username = 'gone'`);
    expectFault(await stage.signIn('gone'), 'inactive');
  });

  it('when the provider no longer knows the person', async () => {
    const browser = stage.newBrowser();
    expect((await stage.signIn('leaver', browser)).reply.headers.location).toBe('/');
    stage.provider.removed.add('leaver');
    // With the session it still has there, and with a new one.
    for (const one of [browser, stage.newBrowser()])
      await expect(stage.signIn('leaver', one)).rejects.toThrow('did not send the browser back');
  });

  it('when the person is removed between the code and its exchange', async () => {
    const browser = stage.newBrowser();
    const back = await stage.wayBack(browser, 'quick');
    stage.provider.removed.add('quick');
    expectFault({ reply: await browser.visit(back) }, 'provider-refused');
  });

  it('when our own secret is wrong there', async () => {
    const browser = stage.newBrowser();
    const back = await stage.wayBack(browser, 'ada');
    const reply = await stage.using({ clientSecret: 'hunter2' }, () => browser.visit(back));
    expectFault({ reply }, 'provider-refused');
    expect(stage.server.logged.join()).not.toContain('hunter2');
  });

  describe('when the provider', () => {
    const faultAtStart = async (given: Given) => {
      const answer = await stage.using(given, () => stage.server.call('GET', '/sign-in/oidc'));
      return faultOf(answer.headers.get('location') ?? undefined);
    };
    const reasonAtStart = async (given: Given) => {
      const answer = await stage.configured(given).start('/');
      return answer.kind === 'failed' ? answer.reason : null;
    };

    it('is dead', async () => {
      const dead = { serverUrl: `https://127.0.0.1:${await freePort()}` };
      expect(await faultAtStart(dead)).toBe('provider-unreachable');
      expect(await reasonAtStart(dead)).toContain('ECONNREFUSED');
    });

    it('dies between the two halves', async () => {
      const mortal = await startOpenIdProvider({ redirectUris: [REDIRECT] });
      await stage.using({ serverUrl: mortal.issuer }, async () => {
        const browser = createBrowser();
        const back = await stage.wayBack(browser, 'ada');
        await mortal.stop();
        expectFault({ reply: await browser.visit(back) }, 'provider-unreachable');
      });
    });

    it('is slow', async () => {
      const rogue = await startRogueProvider();
      rogue.isSilent = true;
      const slow = { serverUrl: rogue.issuer, timeoutMs: 150 };
      expect(await faultAtStart(slow)).toBe('provider-unreachable');
      expect(await reasonAtStart(slow)).toContain('no answer within 150 ms');
      await rogue.stop();
    });

    it('has a certificate whose time is over', async () => {
      const certificate = makeCertificate('expired');
      const expired = await startOpenIdProvider({ certificate });
      const given = { serverUrl: expired.issuer, ca: certificate.cert };
      expect(await faultAtStart(given)).toBe('provider-unreachable');
      expect(await reasonAtStart(given)).toContain('CERT_HAS_EXPIRED');
      await expired.stop();
    });

    it('has a certificate nobody vouches for', async () => {
      expect(await faultAtStart({ ca: null })).toBe('provider-unreachable');
      expect(await reasonAtStart({ ca: null })).toContain('SELF_SIGNED');
    });

    it('answers nonsense', async () => {
      const rogue = await startRogueProvider();
      expect(await faultAtStart({ serverUrl: `${rogue.issuer}/elsewhere` })).toBe('provider-refused');
      await rogue.stop();
    });

    it('fails, and a local administrator signs in all the same', async () => {
      await stage.server.signedIn('root', true);
      const serverUrl = `https://127.0.0.1:${await freePort()}`;
      expect(await faultAtStart({ serverUrl })).toBe('provider-unreachable');
      const json = { username: 'root', password: PASSWORD, cookie: true };
      expect((await stage.server.call('POST', '/sessions', { json })).status).toBe(201);
    });
  });

  describe('when the id_token', () => {
    const wrong = 'invalid-token';
    it.each<Lie>([
      { what: 'is as it should be', fault: null },
      { what: 'is not signed', signature: 'none', fault: wrong },
      { what: 'is signed by another key', signature: 'foreign', fault: wrong },
      { what: 'has another nonce', claims: { nonce: 'guessed' }, fault: wrong },
      { what: 'has no nonce', claims: { nonce: undefined }, fault: wrong },
      { what: 'is for another client', claims: { aud: 'other' }, fault: wrong },
      { what: 'is of another issuer', claims: { iss: 'https://id.example.net' }, fault: wrong },
      { what: 'has run out', claims: { exp: 1 }, fault: wrong },
      { what: 'is of somebody else than userinfo', userInfo: { sub: 'x' }, fault: wrong },
      { what: 'comes with a blank in the name', userInfo: { preferred_username: ' ada' }, fault: 'no-name' },
      { what: 'comes with a list for a name', userInfo: { preferred_username: ['ada'] }, fault: 'no-name' },
    ])('$what', async ({ claims, userInfo, signature = 'own', fault }) => {
      const rogue = await startRogueProvider();
      await stage.using({ serverUrl: rogue.issuer }, async () => {
        const browser = createBrowser();
        const { headers } = await browser.visit(stage.begin());
        const { state, nonce } = Object.fromEntries(new URL(headers.location ?? '').searchParams);
        Object.assign(rogue.claims, { nonce, ...claims });
        rogue.userInfo = { preferred_username: `user-${randomUUID()}`, ...userInfo };
        rogue.signature = signature;
        const reply = await browser.visit(`${stage.server.origin}${OIDC_CALLBACK}?code=c&state=${state}`);
        expect(faultOf(reply.headers.location)).toBe(fault);
      });
      await rogue.stop();
    });
  });
});
