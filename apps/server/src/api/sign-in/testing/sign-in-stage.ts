/** A server, a real OpenID provider with TLS under its own authority, and browsers that go from one to the other. */
import { createOperatorDoor, type Reply } from '@tocsin/push';
import { makeCertificate } from '../../../../test/certificate.ts';
import {
  CLIENT,
  createBrowser,
  startOpenIdProvider,
  type TestBrowser,
  type TestProvider,
} from '../../../../test/open-id-provider.ts';
import { startV3Server, type V3Server } from '../../../../test/v3-server.ts';
import { type BrowserSignIn, createBrowserSignIn } from '../../../identity/open-id/browser.ts';
import type { ClaimNames } from '../../../identity/open-id/person.ts';
import { createSealer, keyOf } from '../../../lib/sealer.ts';
import { OIDC_CALLBACK } from '../routes.ts';

/** Where providers send browsers to; the stage brings them to wherever its server listens. */
const PUBLIC = 'https://tocsin.example.org';
export const REDIRECT = PUBLIC + OIDC_CALLBACK;
const CLAIMS: ClaimNames = { username: 'preferred_username', groups: 'groups' };

export interface Given {
  readonly serverUrl?: string;
  readonly clientSecret?: string;
  readonly claims?: Partial<ClaimNames>;
  /** Authority that is believed; null: the system's. */
  readonly ca?: string | null;
  readonly timeoutMs?: number;
}

export interface SignInStage {
  readonly provider: TestProvider;
  readonly server: V3Server;
  /** Where a browser begins. */
  begin(returnTo?: string): string;
  newBrowser(): TestBrowser;
  /** The address to which the provider sends somebody who has signed in there. */
  wayBack(browser: TestBrowser, username: string): Promise<string>;
  /** There and back; what our own server answers in the end. */
  signIn(username: string, browser?: TestBrowser, returnTo?: string): Promise<SignedIn>;
  /** With other settings than the stage's own. */
  configured(given: Given): BrowserSignIn;
  /** The server has these settings until `work` is done. */
  using<T>(given: Given, work: () => Promise<T>): Promise<T>;
  advance(ms: number): void;
  stop(): Promise<void>;
}

export interface SignedIn {
  readonly back: string;
  readonly reply: Reply;
  readonly browser: TestBrowser;
}

export async function startSignInStage(): Promise<SignInStage> {
  const certificate = makeCertificate();
  const provider = await startOpenIdProvider({ certificate, redirectUris: [REDIRECT] });
  let now = 0;
  const configured = (given: Given) => {
    const { serverUrl = provider.issuer, clientSecret = CLIENT.secret, timeoutMs = 5_000 } = given;
    const ca = given.ca === undefined ? certificate.cert : (given.ca ?? undefined);
    const door = createOperatorDoor({ url: serverUrl, allow: [], timeoutMs, ca });
    const claims = { ...CLAIMS, ...given.claims };
    return createBrowserSignIn({
      provider: { serverUrl, clientId: CLIENT.id, clientSecret, claims, door },
      scopes: 'openid profile groups',
      redirectUri: REDIRECT,
      sealer: createSealer(() => [keyOf(Buffer.alloc(32, 1))]),
      clock: () => now,
    });
  };
  let current = configured({});
  const browser: BrowserSignIn = {
    start: (returnTo) => current.start(returnTo),
    finish: (query, sealed) => current.finish(query, sealed),
  };
  const server = await startV3Server({ api: { openId: { label: 'Example ID', browser } } });
  const begin = (returnTo = '/') =>
    `${server.origin}/api/v3/sign-in/oidc?${new URLSearchParams({ returnTo })}`;
  const newBrowser = () => createBrowser(certificate.cert);
  const here = (address: string) => address.replace(PUBLIC, server.origin);
  return {
    provider,
    server,
    begin,
    newBrowser,
    configured,
    wayBack: async (own, username) => here(await own.signIn(begin(), username, PUBLIC)),
    async signIn(username, own = newBrowser(), returnTo = '/') {
      const back = here(await own.signIn(begin(returnTo), username, PUBLIC));
      return { back, reply: await own.visit(back), browser: own };
    },
    async using(given, work) {
      const before = current;
      current = configured(given);
      try {
        return await work();
      } finally {
        current = before;
      }
    },
    advance(ms) {
      now += ms;
    },
    async stop() {
      await server.stop();
      await provider.stop();
    },
  };
}
