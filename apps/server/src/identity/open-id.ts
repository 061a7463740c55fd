/**
 * OpenID Connect as the phones use it: they bring the code and its PKCE verifier (RFC 7636), this server exchanges
 * them with its own secret and asks who it is (notify-api.md §1.4).
 */
import type { Door } from '@tocsin/push';
import * as client from 'openid-client';
import { limit } from '../lib/limit.ts';

export interface OpenIdProvider {
  /** The issuer, or the address of its discovery document. */
  readonly serverUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly door: Door;
}

export interface Authorization {
  readonly code: string;
  readonly codeVerifier: string;
  readonly clientId: string;
  readonly redirectUri: string;
}

export type OpenIdAnswer =
  | { readonly kind: 'ok'; readonly username: string }
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
  let known: client.Configuration | null = null;
  return {
    exchange: (authorization) =>
      run(async () => {
        // Another client's code is nothing that our secret is good for.
        if (authorization.clientId !== provider.clientId)
          return { kind: 'token-refused', status: 401, reason: 'another client id' };
        try {
          // Asked at the first sign-in and not at start: a provider that is away stops nothing else.
          known ??= await discover(provider);
        } catch (error) {
          return { kind: 'unreachable', url: provider.serverUrl, reason: reasonOf(error) };
        }
        return exchange(known, authorization);
      }),
  };
}

/** The door says where the provider's document may send us; what it holds is otherwise somebody else's word. */
function discover({ serverUrl, clientId, clientSecret, door }: OpenIdProvider) {
  return client.discovery(new URL(serverUrl), clientId, clientSecret, undefined, {
    // The door decides who may be spoken to without encryption.
    execute: [client.enableNonRepudiationChecks, client.allowInsecureRequests],
    [client.customFetch]: fetchThrough(door),
  });
}

const STATUSES_WITHOUT_BODY = new Set([204, 205, 304]);

function fetchThrough(door: Door): client.CustomFetch {
  return async (url, { method, headers, body }) => {
    if (method !== 'GET' && method !== 'POST') throw new TypeError(`no request of ours is a ${method}`);
    const content = body === null || body === undefined ? {} : { body: String(body) };
    const reply = await door.ask({ method, url, headers, ...content });
    const answered = Object.entries(reply.headers).flatMap(([name, values = []]) =>
      [values].flat().map((value): [string, string] => [name, value]),
    );
    const hasBody = !STATUSES_WITHOUT_BODY.has(reply.status);
    return new Response(hasBody ? new Uint8Array(reply.body) : null, {
      status: reply.status,
      headers: answered,
    });
  };
}

async function exchange(
  configuration: client.Configuration,
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
    const { preferred_username } = await client.fetchUserInfo(configuration, tokens.access_token, subject);
    return preferred_username
      ? { kind: 'ok', username: preferred_username }
      : { kind: 'user-refused', status: 401, reason: 'there is no preferred_username' };
  } catch (error) {
    return failure(error, 'user-refused', userinfo_endpoint);
  }
}

function failure(error: unknown, kind: 'token-refused' | 'user-refused', url: string): OpenIdAnswer {
  const reason = reasonOf(error);
  const status = statusOf(error);
  if (status !== null) return { kind, status, reason };
  const isToken = error instanceof client.ClientError && !/TIMEOUT|ABORT/.test(error.code ?? '');
  return isToken ? { kind: 'invalid-token', reason } : { kind: 'unreachable', url, reason };
}

/** What the provider answered, when that was a no. */
function statusOf(error: unknown): number | null {
  if (error instanceof client.ResponseBodyError) return error.status;
  if (error instanceof client.WWWAuthenticateChallengeError) return error.status;
  const { cause } = error as Error;
  return cause instanceof Response && cause.status >= 400 ? cause.status : null;
}

/** Never what was sent: codes and secrets stay out of the log. */
function reasonOf(error: unknown): string {
  const { code, message, cause } = error as NodeJS.ErrnoException;
  const { code: deeper } = (cause ?? {}) as { code?: unknown };
  return [code, typeof deeper === 'string' ? deeper : null, message].filter(Boolean).join(': ');
}
