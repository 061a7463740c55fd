/** A real OpenID provider, and the browser of somebody who signs in to it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import * as client from 'openid-client';

export const CLIENT = { id: 'notify', secret: 'the secret of the client' } as const;
export const REDIRECT_URI = 'http://127.0.0.1/callback';

export interface TestProvider {
  readonly issuer: string;
  /** What a phone has after `username` signed in. */
  signIn(username: string): Promise<{ code: string; codeVerifier: string }>;
  stop(): Promise<void>;
}

export async function startOpenIdProvider(): Promise<TestProvider> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [REDIRECT_URI],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, ...(id !== 'nameless' && { preferred_username: id }) }),
    }),
    claims: { openid: ['sub'], profile: ['preferred_username'] },
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['tests'] },
  });
  server.on('request', provider.callback());
  return {
    issuer,
    signIn: (username) => signIn(issuer, username),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const MOST_PAGES = 12;

async function signIn(issuer: string, username: string) {
  const codeVerifier = client.randomPKCECodeVerifier();
  const browse = createBrowser(issuer);
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
  let answer = await browse(start.href);
  for (let page = 0; page < MOST_PAGES; page++) {
    const location = answer.headers.get('location');
    if (location?.startsWith(REDIRECT_URI))
      return { code: new URL(location).searchParams.get('code') ?? '', codeVerifier };
    answer = location ? await browse(location) : await browse(...fillIn(await answer.text(), username));
  }
  throw new Error('the provider gave no code');
}

/** The address and the content of the form on the page. */
function fillIn(page: string, username: string): [string, URLSearchParams] {
  const [, action = ''] = /action="([^"]+)"/.exec(page) ?? [];
  const [, prompt = ''] = /name="prompt" value="([^"]+)"/.exec(page) ?? [];
  return [action, new URLSearchParams({ prompt, login: username, password: 'any' })];
}

/** Keeps cookies and follows nothing by itself. */
function createBrowser(origin: string) {
  const cookies = new Map<string, string>();
  return async (path: string, form?: URLSearchParams): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(new URL(path, origin), {
      redirect: 'manual',
      headers: { cookie },
      ...(form && { method: 'POST', body: form }),
    });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    return answer;
  };
}
