/** A real OpenID provider, and the browser of somebody who signs in to it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAddressGuard, createDoor, type Reply } from '@tocsin/push';
import Provider from 'oidc-provider';
import * as client from 'openid-client';
import type { TestCertificate } from './certificate.ts';

export const CLIENT = { id: 'notify', secret: 'the secret of the client' } as const;
export const REDIRECT_URI = 'http://127.0.0.1/callback';

export interface TestProvider {
  readonly issuer: string;
  /** Of each person; whoever has no entry has no claim either. */
  readonly groups: Map<string, string[]>;
  /** It no longer knows them. */
  readonly removed: Set<string>;
  /** What a phone has after `username` signed in. */
  signIn(username: string): Promise<{ code: string; codeVerifier: string }>;
  stop(): Promise<void>;
}

interface Given {
  /** It speaks TLS then. */
  readonly certificate?: TestCertificate;
  readonly redirectUris?: readonly string[];
}

export async function startOpenIdProvider({
  certificate,
  redirectUris = [],
}: Given = {}): Promise<TestProvider> {
  const server = certificate ? createTlsServer(certificate) : createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http${certificate ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const groups = new Map<string, string[]>();
  const removed = new Set<string>();
  const claimsOf = (id: string) => ({
    sub: id,
    ...(id !== 'nameless' && { preferred_username: id }),
    ...(groups.has(id) && { groups: groups.get(id) }),
  });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [REDIRECT_URI, ...redirectUris],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    findAccount: (_context: unknown, id: string) =>
      removed.has(id) ? undefined : { accountId: id, claims: () => claimsOf(id) },
    claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['tests'] },
  });
  server.on('request', provider.callback());
  return {
    issuer,
    groups,
    removed,
    signIn: (username) => signInPhone(issuer, username),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function signInPhone(issuer: string, username: string) {
  const codeVerifier = client.randomPKCECodeVerifier();
  const start = new URL('/auth', issuer);
  start.search = new URLSearchParams({
    client_id: CLIENT.id,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile',
    nonce: 'of the phone',
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  }).toString();
  const location = await createBrowser().signIn(start.href, username, REDIRECT_URI);
  return { code: new URL(location).searchParams.get('code') ?? '', codeVerifier };
}

export interface TestBrowser {
  /** One page or redirect; cookies are kept for each origin, and nothing is followed by itself. */
  visit(url: string, form?: URLSearchParams): Promise<Reply>;
  /** Goes on from `url` as somebody who signs in as `username`; returns the first address that begins with `until`. */
  signIn(url: string, username: string, until: string): Promise<string>;
  readonly cookies: Map<string, Map<string, string>>;
}

const MOST_PAGES = 12;

/** `ca` is the authority that it believes besides none. */
export function createBrowser(ca?: string): TestBrowser {
  const door = createDoor({ guard: createAddressGuard(['127.0.0.1']), timeoutMs: 10_000, ca });
  const cookies = new Map<string, Map<string, string>>();
  const visit = async (url: string, form?: URLSearchParams) => {
    const { origin } = new URL(url);
    const jar = cookies.get(origin) ?? new Map<string, string>();
    cookies.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const content = { 'content-type': 'application/x-www-form-urlencoded' };
    const reply = await door.ask({
      method: form ? 'POST' : 'GET',
      url,
      headers: { cookie, ...(form && content) },
      ...(form && { body: form.toString() }),
    });
    for (const set of reply.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return reply;
  };
  return {
    visit,
    cookies,
    async signIn(start, username, until) {
      let [url, reply] = [start, await visit(start)];
      for (let page = 0; page < MOST_PAGES; page++) {
        const { location } = reply.headers;
        const next = location === undefined ? null : new URL(location, url).href;
        if (next?.startsWith(until)) return next;
        const [action, form] = next ? [next, undefined] : fillIn(reply.body.toString(), username);
        url = new URL(action, url).href;
        reply = await visit(url, form);
      }
      throw new Error('the provider did not send the browser back');
    },
  };
}

/** The address and the content of the form on the page. */
function fillIn(page: string, username: string): [string, URLSearchParams] {
  const [, action = ''] = /action="([^"]+)"/.exec(page) ?? [];
  const [, prompt = ''] = /name="prompt" value="([^"]+)"/.exec(page) ?? [];
  return [action, new URLSearchParams({ prompt, login: username, password: 'any' })];
}
