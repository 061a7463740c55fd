/**
 * OpenID Connect as the phones use it: they bring the code and its PKCE verifier (RFC 7636), this server exchanges
 * them with its own secret and asks who it is (notify-api.md §1.4).
 */
import * as client from 'openid-client';
import { limit } from '../../lib/limit.ts';
import { type Person, personOf } from './person.ts';
import { discoverOnce, isUnbelievable, type OpenIdProvider, reasonOf, statusOf } from './provider.ts';

export interface Authorization {
  readonly code: string;
  readonly codeVerifier: string;
  readonly clientId: string;
  readonly redirectUri: string;
}

export type OpenIdAnswer =
  | ({ readonly kind: 'ok' } & Person)
  | { readonly kind: 'unreachable'; readonly url: string; readonly reason: string }
  | { readonly kind: 'token-refused' | 'user-refused'; readonly status: number; readonly reason: string }
  | { readonly kind: 'invalid-token'; readonly reason: string };

export interface OpenId {
  /** Throws `QueueFull` when too many wait. */
  exchange(authorization: Authorization): Promise<OpenIdAnswer>;
}

const AT_ONCE = 20;
const MOST_WAITING = 100;

export function createOpenId(provider: OpenIdProvider): OpenId {
  const run = limit(AT_ONCE, MOST_WAITING);
  const configuration = discoverOnce(provider);
  return {
    exchange: (authorization) =>
      run(async () => {
        // Another client's code is nothing that our secret is good for.
        if (authorization.clientId !== provider.clientId)
          return { kind: 'token-refused', status: 401, reason: 'another client id' };
        let known: client.Configuration;
        try {
          known = await configuration();
        } catch (error) {
          return { kind: 'unreachable', url: provider.serverUrl, reason: reasonOf(error) };
        }
        return exchange(known, provider, authorization);
      }),
  };
}

async function exchange(
  configuration: client.Configuration,
  { claims }: OpenIdProvider,
  { code, codeVerifier, redirectUri }: Authorization,
): Promise<OpenIdAnswer> {
  const { token_endpoint = '', userinfo_endpoint = '' } = configuration.serverMetadata();
  const parameters = { code, code_verifier: codeVerifier, redirect_uri: redirectUri };
  let tokens: Awaited<ReturnType<typeof client.genericGrantRequest>>;
  try {
    tokens = await client.genericGrantRequest(configuration, 'authorization_code', parameters);
  } catch (error) {
    return failure(error, 'token-refused', token_endpoint);
  }
  const subject = 'claims' in tokens ? tokens.claims()?.sub : undefined;
  if (subject === undefined) return { kind: 'invalid-token', reason: 'there is no id_token' };
  try {
    const said = await client.fetchUserInfo(configuration, tokens.access_token, subject);
    // The phone chose the scopes: what it did not ask for says nothing about groups.
    const person = personOf(said, claims, false);
    return person
      ? { kind: 'ok', ...person }
      : { kind: 'user-refused', status: 401, reason: `there is no ${claims.username}` };
  } catch (error) {
    return failure(error, 'user-refused', userinfo_endpoint);
  }
}

function failure(error: unknown, kind: 'token-refused' | 'user-refused', url: string): OpenIdAnswer {
  const reason = reasonOf(error);
  const status = statusOf(error);
  if (status !== null) return { kind, status, reason };
  return isUnbelievable(error) ? { kind: 'invalid-token', reason } : { kind: 'unreachable', url, reason };
}
