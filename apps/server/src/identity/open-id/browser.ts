/**
 * OpenID Connect for browsers: the authorization code flow with state, nonce and PKCE (RFC 6749 §4.1, RFC 7636,
 * OpenID Connect Core §3.1). What must be remembered in between goes, sealed, with the browser: any node can finish.
 */
import * as client from 'openid-client';
import type { Clock } from '../../lib/clock.ts';
import { limit } from '../../lib/limit.ts';
import { SealBroken, type Sealer, UnknownKey } from '../../lib/sealer.ts';
import { type Person, personOf } from './person.ts';
import { discoverOnce, isUnbelievable, type OpenIdProvider, reasonOf, statusOf } from './provider.ts';

export interface BrowserSignInDeps {
  readonly provider: OpenIdProvider;
  /** Space-separated. */
  readonly scopes: string;
  /** Where the provider sends the browser back to; it must be registered there. */
  readonly redirectUri: string;
  readonly sealer: Sealer;
  readonly clock: Clock;
}

/** `reason` is for the log. */
export interface Failed {
  readonly kind: 'failed';
  readonly fault:
    | 'denied'
    | 'expired'
    | 'provider-unreachable'
    | 'provider-refused'
    | 'invalid-token'
    | 'no-name';
  readonly reason: string;
}

export interface BrowserSignIn {
  /** `url` is where the browser goes; it must bring `sealed` back. Throws `QueueFull` when too many wait. */
  start(
    returnTo: string,
  ): Promise<{ readonly kind: 'ok'; readonly url: string; readonly sealed: string } | Failed>;
  /** `query` is what the browser came back with. Throws `QueueFull` when too many wait. */
  finish(
    query: string,
    sealed: string | null,
  ): Promise<({ readonly kind: 'ok'; readonly returnTo: string } & Person) | Failed>;
}

interface Pending {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly returnTo: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

/** What the sealed text is. */
const PENDING = 'sign-in by OpenID Connect';
/** How long somebody may take at the provider. */
export const PATIENCE_MS = 10 * 60_000;
const AT_ONCE = 20;
const MOST_WAITING = 100;

export function createBrowserSignIn(deps: BrowserSignInDeps): BrowserSignIn {
  const run = limit(AT_ONCE, MOST_WAITING);
  const configuration = discoverOnce(deps.provider);
  return {
    start: (returnTo) => run(() => guarded(async () => start(deps, await configuration(), returnTo))),
    finish: (query, sealed) =>
      run(() =>
        guarded(async () => {
          const pending = readPending(deps, sealed);
          if (!pending) return failed('expired', 'nothing was begun by this browser, or too long ago');
          const said = new URLSearchParams(query);
          if (said.get('state') !== pending.state) return failed('expired', 'the state is another one');
          const refusal = said.get('error');
          if (refusal !== null) return refusalOf(refusal);
          return finish(deps, await configuration(), query, pending);
        }),
      ),
  };
}

async function start(
  { scopes, redirectUri, sealer, clock }: BrowserSignInDeps,
  known: client.Configuration,
  returnTo: string,
) {
  const pending: Pending = {
    state: client.randomState(),
    nonce: client.randomNonce(),
    verifier: client.randomPKCECodeVerifier(),
    returnTo,
    expiresAt: clock() + PATIENCE_MS,
  };
  const url = client.buildAuthorizationUrl(known, {
    redirect_uri: redirectUri,
    scope: scopes,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: 'S256',
  });
  return { kind: 'ok', url: url.href, sealed: sealer.seal(PENDING, JSON.stringify(pending)) } as const;
}

function readPending({ sealer, clock }: BrowserSignInDeps, sealed: string | null): Pending | null {
  if (sealed === null) return null;
  try {
    const pending = JSON.parse(sealer.open(PENDING, sealed)) as Pending;
    return clock() < pending.expiresAt ? pending : null;
  } catch (error) {
    if (error instanceof SealBroken || error instanceof UnknownKey) return null;
    throw error;
  }
}

/** RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6: the person's own no, or the provider's. */
const OWN_NO = new Set(['access_denied', 'login_required', 'interaction_required', 'consent_required']);

function refusalOf(error: string): Failed {
  // Anybody can write anything there.
  const name = /^[a-z_]{1,64}$/.test(error) ? error : 'an error without a name';
  return failed(OWN_NO.has(error) ? 'denied' : 'provider-refused', `the provider answered ${name}`);
}

async function finish(
  { provider, redirectUri }: BrowserSignInDeps,
  known: client.Configuration,
  query: string,
  { state, nonce, verifier, returnTo }: Pending,
) {
  const url = new URL(redirectUri);
  url.search = query;
  const tokens = await client.authorizationCodeGrant(known, url, {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  });
  const claims: Record<string, unknown> = { ...tokens.claims() };
  if (known.serverMetadata().userinfo_endpoint) {
    Object.assign(claims, await client.fetchUserInfo(known, tokens.access_token, String(claims.sub)));
  }
  const person = personOf(claims, provider.claims, true);
  return person
    ? ({ kind: 'ok', returnTo, ...person } as const)
    : failed('no-name', `there is no ${provider.claims.username} that an account can have`);
}

const failed = (fault: Failed['fault'], reason: string): Failed => ({ kind: 'failed', fault, reason });

async function guarded<T>(work: () => Promise<T>): Promise<T | Failed> {
  try {
    return await work();
  } catch (error) {
    const status = statusOf(error);
    if (status !== null)
      return failed(status < 500 ? 'provider-refused' : 'provider-unreachable', reasonOf(error));
    return failed(isUnbelievable(error) ? 'invalid-token' : 'provider-unreachable', reasonOf(error));
  }
}
