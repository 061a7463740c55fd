import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestBrowser } from '../../../test/open-id-provider.ts';
import { startV3Server } from '../../../test/v3-server.ts';
import { createGroup } from '../../store/user-group.ts';
import { REDIRECT, type SignInStage, startSignInStage } from './testing/sign-in-stage.ts';

let stage: SignInStage;
beforeAll(async () => {
  stage = await startSignInStage();
});
afterAll(() => stage.stop());

const meOf = async (browser: TestBrowser): Promise<unknown> =>
  JSON.parse((await browser.visit(`${stage.server.origin}/api/v3/me`)).body.toString());

describe('signing in at an OpenID provider in a browser', () => {
  it('is offered under its name, beside the password', async () => {
    const { json } = await stage.server.call('GET', '/sign-in/methods');
    expect(json).toEqual({ items: [{ kind: 'oidc', label: 'Example ID' }, { kind: 'password' }] });
  });

  it('ends where it was to end, with a login in a cookie that no script can read', async () => {
    const { reply, browser } = await stage.signIn('Ada', undefined, '/messages/7?a=b');
    expect([reply.status, reply.headers.location]).toEqual([302, '/messages/7?a=b']);
    const set = reply.headers['set-cookie'] ?? [];
    expect(set.find((one) => one.startsWith('tocsin='))).toMatch(/; Path=\/; HttpOnly; SameSite=Lax/);
    expect(await meOf(browser)).toMatchObject({ username: 'ada', isAdmin: false, isAuditor: false });
    const login = await browser.visit(`${stage.server.origin}/api/v3/sessions/current`);
    expect(JSON.parse(login.body.toString())).toMatchObject({ user: { username: 'ada' } });
  });

  it('asks the provider for a code with state, nonce and PKCE, and remembers them sealed', async () => {
    const answer = await stage.server.call('GET', '/sign-in/oidc');
    expect(answer.status).toBe(302);
    const asked = new URL(answer.headers.get('location') ?? '').searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      scope: 'openid profile groups',
      redirect_uri: REDIRECT,
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^.{43}$/),
    });
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(
      /^tocsin-sign-in=sealed:[A-Za-z0-9_:-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    for (const secret of [asked.get('state'), asked.get('nonce')]) {
      expect(secret).toMatch(/^.{43}$/);
      expect(Buffer.from(cookie.split(/[:;]/)[3] ?? '', 'base64url').toString('latin1')).not.toContain(
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
    const answer = await stage.server.call('GET', `/sign-in/oidc?returnTo=${encodeURIComponent(returnTo)}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([422, null]);
  });

  it('follows the groups of the provider: roles and memberships come and go with them', async () => {
    const claims = { adminGroup: 'operators', auditorGroup: 'reviewers' };
    await createGroup(stage.server.database, { name: 'Night shift', source: 'oidc', externalName: 'night' });
    await stage.using({ claims }, async () => {
      stage.provider.groups.set('grace', ['operators', 'Night', 'of nobody here']);
      const first = await stage.signIn('grace');
      expect(await meOf(first.browser)).toMatchObject({ isAdmin: true, isAuditor: false });
      expect(await groupsOf('grace')).toEqual(['Night shift']);
      stage.provider.groups.set('grace', ['reviewers']);
      const second = await stage.signIn('grace');
      expect(await meOf(second.browser)).toMatchObject({ isAdmin: false, isAuditor: true });
      expect(await groupsOf('grace')).toEqual([]);
      stage.provider.groups.delete('grace');
      expect(await meOf((await stage.signIn('grace')).browser)).toMatchObject({
        isAdmin: false,
        isAuditor: false,
      });
    });
  });
});

async function groupsOf(username: string): Promise<string[]> {
  const rows = await stage.server.database.query<{ name: string }>(
    `select g.name from user_group g join group_member m on m.group_id = g.id
     join user_account u on u.id = m.user_id where u.username = $1`,
    [username],
  );
  return rows.map(({ name }) => name);
}

describe('a server without a provider for browsers', () => {
  it('offers the password only, and has no such address', async () => {
    const plain = await startV3Server();
    expect((await plain.call('GET', '/sign-in/methods')).json).toEqual({ items: [{ kind: 'password' }] });
    for (const path of ['/sign-in/oidc', '/sign-in/oidc/callback'])
      expect((await plain.call('GET', path)).json).toMatchObject({ status: 404, code: 'not-found' });
    await plain.stop();
  });
});
