/** The OpenID provider of the settings: what its document says, and the way to it. */
import type { Door } from '@tocsin/push';
import * as client from 'openid-client';
import type { ClaimNames } from './person.ts';

export interface OpenIdProvider {
  /** The issuer, or the address of its discovery document. */
  readonly serverUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly claims: ClaimNames;
  readonly door: Door;
}

/** Asks for the document at the first sign-in and not at start: a provider that is away stops nothing else. */
export function discoverOnce(provider: OpenIdProvider): () => Promise<client.Configuration> {
  let known: client.Configuration | null = null;
  return async () => {
    known ??= await discover(provider);
    return known;
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
    const reply = await door.ask({ method, url, headers, ...content }).catch((cause: Error) => {
      // As fetch says that there was no answer; the library hands on nothing else.
      throw new TypeError(cause.message, { cause });
    });
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

/** Never what was sent: codes and secrets stay out of the log. */
export function reasonOf(error: unknown): string {
  const { code, message, cause } = error as NodeJS.ErrnoException;
  const { code: deeper } = (cause ?? {}) as { code?: unknown };
  return [code, typeof deeper === 'string' ? deeper : null, message].filter(Boolean).join(': ');
}

/** What the provider answered, when that was a no. */
export function statusOf(error: unknown): number | null {
  if (error instanceof client.ResponseBodyError) return error.status;
  if (error instanceof client.WWWAuthenticateChallengeError) return error.status;
  const { cause } = error as Error;
  return cause instanceof Response && cause.status >= 400 ? cause.status : null;
}

/** It answered, and what it answered cannot be believed. */
export function isUnbelievable(error: unknown): boolean {
  return error instanceof client.ClientError && !/TIMEOUT|ABORT/.test(error.code ?? '');
}
