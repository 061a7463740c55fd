import { createOperatorDoor } from '@tocsin/push';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NotifyServer, startNotifyServer } from '../../../test/notify-server.ts';
import {
  CLIENT,
  REDIRECT_URI,
  startOpenIdProvider,
  type TestProvider,
} from '../../../test/open-id-provider.ts';
import { createOpenId } from '../../identity/open-id/phone.ts';
import type { OpenIdProvider } from '../../identity/open-id/provider.ts';

let provider: TestProvider;
const servers: NotifyServer[] = [];
let server: NotifyServer;
beforeAll(async () => {
  provider = await startOpenIdProvider();
  server = await start();
});
afterAll(async () => {
  for (const one of servers) await one.stop();
  await provider.stop();
});

async function start(given: Partial<OpenIdProvider> | null = {}): Promise<NotifyServer> {
  const url = given?.serverUrl ?? provider.issuer;
  const settings = {
    serverUrl: url,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    claims: { username: 'preferred_username', groups: 'groups' },
    door: createOperatorDoor({ url, allow: [], timeoutMs: 5_000 }),
  };
  const started = await startNotifyServer({ openId: given && createOpenId({ ...settings, ...given }) });
  servers.push(started);
  return started;
}
const body = (given: { code: string; codeVerifier: string }) => ({
  code: given.code,
  code_verifier: given.codeVerifier,
  client_id: CLIENT.id,
  redirect_uri: REDIRECT_URI,
});
const post = (json: object, at = server, version = 'v2') =>
  at.call('POST', `/${version}/open_id_connect`, { json });

describe('signing in by OpenID Connect', () => {
  it.each(['v1', 'v2'])(
    'gives a phone that brings its code a login, also the first time 200 (%s)',
    async (version) => {
      const answer = await post(body(await provider.signIn(`Ada-${version}`)), server, version);
      expect(answer.status).toBe(200);
      expect(answer.json).toEqual({ access_token: expect.any(String), token_type: 'bearer' });
      const { access_token: token } = answer.json as { access_token: string };
      const profile = await server.call('GET', '/v2/users/user/profile', { token });
      expect(profile.json).toMatchObject({ username: `ada-${version}`, is_admin: false });
    },
  );

  it('takes the address of the discovery document as well', async () => {
    const other = await start({ serverUrl: `${provider.issuer}/.well-known/openid-configuration` });
    expect((await post(body(await provider.signIn('bob')), other)).status).toBe(200);
  });

  it('takes a code once', async () => {
    const json = body(await provider.signIn('ada'));
    expect((await post(json)).status).toBe(200);
    const again = await post(json);
    expect([again.status, again.json]).toEqual([400, { detail: 'Failed to get OIDC token' }]);
  });

  it.each([
    ['verifier', { code_verifier: 'x'.repeat(43) }, 400],
    ['code', { code: 'guessed' }, 400],
    ['redirect', { redirect_uri: 'http://127.0.0.1/elsewhere' }, 400],
    ['client', { client_id: 'another' }, 401],
  ])('refuses another %s', async (_what, given, status) => {
    const answer = await post({ ...body(await provider.signIn('ada')), ...given });
    expect([answer.status, answer.json]).toEqual([status, { detail: 'Failed to get OIDC token' }]);
  });

  it('refuses with the status of the provider when our own secret is wrong', async () => {
    const other = await start({ clientSecret: 'hunter2 but wrong' });
    const answer = await post(body(await provider.signIn('ada')), other);
    expect([answer.status, answer.json]).toEqual([401, { detail: 'Failed to get OIDC token' }]);
  });

  it('needs a name, and lets nobody into an account whose password is kept here', async () => {
    await server.signedIn('local');
    for (const username of ['nameless', 'local']) {
      const answer = await post(body(await provider.signIn(username)));
      expect([answer.status, answer.json]).toEqual([401, { detail: 'Failed to get user info' }]);
    }
  });

  it('says which address does not answer', async () => {
    const serverUrl = 'http://127.0.0.1:1/realm';
    const other = await start({ serverUrl });
    const answer = await post(body({ code: 'c', codeVerifier: 'v' }), other);
    expect(answer.status).toBe(401);
    expect(answer.json).toEqual({ detail: `An error occurred while requesting '${serverUrl}'` });
  });

  it('names the fields that are missing', async () => {
    const answer = await post({ code: 'c' });
    expect(answer.status).toBe(422);
    const { detail } = answer.json as { detail: { loc: string[] }[] };
    expect(detail.map(({ loc }) => loc[1])).toEqual(['code_verifier', 'client_id', 'redirect_uri']);
  });

  it('is not there when it is not configured', async () => {
    const answer = await post(body({ code: 'c', codeVerifier: 'v' }), await start(null));
    expect([answer.status, answer.json]).toEqual([404, { detail: 'Not Found' }]);
  });
});
