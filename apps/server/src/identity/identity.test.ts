import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testClock } from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { HERE } from '../../test/people.ts';
import { testRates } from '../../test/rates.ts';
import { testSealer } from '../../test/sealer.ts';
import { SYSTEM } from '../audit/entry.ts';
import { parseNetworks } from '../lib/network.ts';
import { buildPeople, type People } from '../people.ts';
import { createSecrets } from '../store/secret.ts';
import { changeUser, createUser, findUserByName, setPasswordHash } from '../store/user.ts';
import type { Authentication, SignIn } from './answers.ts';
import { type CredentialCheck, SAYS_NOTHING, type Verdict } from './credential-check.ts';
import { ensureFirstAdmin, localAccounts } from './local-accounts.ts';
import { createLoginTokens, LOGIN_LIFETIME_MS } from './login-tokens.ts';
import { createPasswords, type Passwords } from './passwords.ts';

let test: TestDatabase;
let passwords: Passwords;
const clock = testClock();
const tokens = createLoginTokens(Buffer.alloc(32, 3));
beforeAll(async () => {
  [test, passwords] = [await testDatabase(), await createPasswords()];
});
afterAll(() => test.drop());

/** One node: what it remembers is its own. */
function node(checks: CredentialCheck[] = [], onChanged: () => void = () => undefined): Node {
  const people = buildPeople({
    rates: testRates(),
    database: test.database,
    clock: clock.now,
    node: 'test',
    tokens,
    passwords,
    secrets: createSecrets(test.database, testSealer()),
    checks: [localAccounts(test.database, passwords), ...checks],
    adminUsers: new Set(['boss']),
    publishNetworks: parseNetworks([]),
    onVerdict: (name, { kind }) => void verdicts.push(`${name} ${kind}`),
    onChanged,
    onProvidersChanged: () => undefined,
    onError: () => undefined,
  });
  const { identity, sessions } = people;
  return {
    ...people,
    signIn: (username, password) => identity.signIn(username, password, HERE),
    recognise: (header) => identity.authenticate(header, HERE),
    endAll: (userId) => sessions.endAll(SYSTEM, userId),
  };
}
interface Node extends People {
  signIn(username: string, password: string): Promise<SignIn>;
  recognise(header: string): Promise<Authentication>;
  endAll(userId: number): Promise<void>;
}
const verdicts: string[] = [];
let turn = 0;
async function account(): Promise<string> {
  const username = `person${++turn}`;
  await createUser(test.database, { username, passwordHash: await passwords.hash('right'), isAdmin: false });
  return username;
}
async function signIn(at: Node, username: string, password = 'right') {
  const result = await at.signIn(username, password);
  if (result.kind !== 'ok') throw new Error('refused');
  return { ...result, header: `Bearer ${result.token}` };
}
const expiry = async (username: string) =>
  (
    await test.database.query<{ at: Date | null }>(
      'select login_expires_at as at from user_account where username = $1',
      [username],
    )
  )[0]?.at;

describe('signing in', () => {
  it('lowers the name, tells the first login and until when it lasts', async () => {
    const username = await account();
    const first = await signIn(node(), username.toUpperCase());
    expect(first.user).toEqual({
      id: first.user.id,
      username,
      isActive: true,
      isAdmin: false,
      isAuditor: false,
    });
    expect([first.isFirst, (await signIn(node(), username)).isFirst]).toEqual([true, false]);
    expect(await expiry(username)).toEqual(first.expiresAt);
  });

  it('is the first only once, however many come together', async () => {
    const username = await account();
    const results = await Promise.all(Array.from({ length: 6 }, () => signIn(node(), username)));
    expect(results.filter((result) => result.isFirst)).toHaveLength(1);
  });

  it.each(['wrong', '', 'right '])('is refused with the password %j', async (password) => {
    expect(await node().signIn(await account(), password)).toEqual({ kind: 'refused' });
  });

  it.each(['nobody', '', 'a\0b', '\ud800'])('is refused to %j', async (username) => {
    expect(await node().signIn(username, 'right')).toEqual({ kind: 'refused' });
  });

  it('makes no local account out of a wrong guess', async () => {
    await node().signIn('guessed', 'right');
    expect(await findUserByName(test.database, 'guessed')).toBeNull();
  });

  const directory = (name: CredentialCheck['name'], verdict: Verdict): CredentialCheck => ({
    name,
    isOutside: true,
    check: (username, password) => {
      asked.push(`${name} ${username} ${password}`);
      return Promise.resolve(verdict);
    },
  });
  const asked: string[] = [];
  const yes = (isAdmin: boolean | null = null) => ({ ...SAYS_NOTHING, kind: 'ok', isAdmin }) as const;
  beforeEach(() => {
    asked.length = 0;
    verdicts.length = 0;
  });

  it('asks the directories in order and makes an account for whom one of them knows', async () => {
    const broken = directory('url', { kind: 'unavailable', reason: 'no answer' });
    const identity = node([broken, directory('ldap', yes()), directory('oidc', yes())]);
    const result = await signIn(identity, 'External', 'pw');
    expect(asked).toEqual(['url external pw', 'ldap external pw']);
    expect(verdicts).toEqual(['local refused', 'url unavailable']);
    expect([result.isFirst, result.user.username, result.user.isAdmin]).toEqual([true, 'external', false]);
    expect((await signIn(identity, 'external', 'pw')).user.id).toBe(result.user.id);
    expect(await node().signIn('external', 'pw')).toEqual({ kind: 'refused' });
  });

  it('asks no directory about an account whose password is kept here', async () => {
    const identity = node([directory('ldap', yes(true))]);
    const username = await account();
    expect(await identity.signIn(username, 'of the directory')).toEqual({ kind: 'refused' });
    expect(asked).toEqual([]);
  });

  it('asks nobody about an empty password', async () => {
    expect(await node([directory('ldap', yes())]).signIn('external', '')).toEqual({
      kind: 'refused',
    });
    expect(asked).toEqual([]);
  });

  it('makes an administrator of whom the configuration names, at the first sign-in only', async () => {
    const identity = node([directory('url', yes())]);
    const { user } = await signIn(identity, 'Boss', 'pw');
    expect(user.isAdmin).toBe(true);
    await changeUser(test.database, user.id, { isActive: null, isAdmin: false });
    expect((await signIn(identity, 'boss', 'pw')).user.isAdmin).toBe(false);
  });

  it('follows a directory that knows who is an administrator', async () => {
    for (const isAdmin of [true, false, true])
      expect((await signIn(node([directory('ldap', yes(isAdmin))]), 'member', 'pw')).user.isAdmin).toBe(
        isAdmin,
      );
  });

  it('lets administrators in by their local password where people sign in by other means', async () => {
    const others = localAccounts(test.database, passwords, 'administrators');
    const passwordHash = await passwords.hash('right');
    for (const isAdmin of [true, false])
      await createUser(test.database, { username: `local ${isAdmin}`, passwordHash, isAdmin });
    expect((await others.check('local true', 'right')).kind).toBe('ok');
    for (const [username, password] of [
      ['local true', 'wrong'],
      ['local false', 'right'],
    ] as const)
      expect((await others.check(username, password)).kind).toBe('refused');
  });
});

describe('being recognised', () => {
  it('until the token expires', async () => {
    const identity = node();
    const { header, user } = await signIn(identity, await account());
    expect(await identity.recognise(header)).toMatchObject({ kind: 'login', user });
    clock.advance(LOGIN_LIFETIME_MS);
    expect(await identity.recognise(header)).toEqual({ kind: 'refused', detail: 'Token has expired' });
  });

  it('not once signed out, while the other login goes on', async () => {
    const identity = node();
    const username = await account();
    const [one, two] = [await signIn(identity, username), await signIn(identity, username)];
    const known = await identity.recognise(one.header);
    if (known.kind !== 'login') throw new Error(known.kind);
    await identity.sessions.end(SYSTEM, known.user.id, known.tokenId);
    expect(await identity.recognise(one.header)).toEqual({
      kind: 'refused',
      detail: 'Could not validate credentials',
    });
    expect(await identity.recognise(two.header)).toMatchObject({ kind: 'login' });
    expect(await expiry(username)).toEqual(two.expiresAt);
  });

  it('not after everything was revoked: no push follows either', async () => {
    let told = 0;
    const identity = node([], () => void told++);
    const username = await account();
    const { header, user } = await signIn(identity, username);
    await identity.endAll(user.id);
    expect(await identity.recognise(header)).toMatchObject({ kind: 'refused' });
    expect([await expiry(username), told]).toEqual([null, 1]);
  });

  it('for at most half a second by a node that has not heard of the revocation', async () => {
    const [here, there] = [node(), node()];
    const { header, user } = await signIn(here, await account());
    expect(await there.recognise(header)).toMatchObject({ kind: 'login' });
    await here.endAll(user.id);
    expect(await there.recognise(header)).toMatchObject({ kind: 'login' });
    clock.advance(500);
    expect(await there.recognise(header)).toMatchObject({ kind: 'refused' });
  });

  it('not by a node that has heard of it, nor after its clock was set back', async () => {
    const [here, there] = [node(), node()];
    const { header, user } = await signIn(here, await account());
    await there.recognise(header);
    await here.endAll(user.id);
    clock.advance(-10);
    expect(await there.recognise(header)).toMatchObject({ kind: 'refused' });
    clock.advance(10);
    there.identity.forget();
    expect(await there.recognise(header)).toMatchObject({ kind: 'refused' });
  });

  it('as inactive or unknown, when the account was switched off or removed', async () => {
    const identity = node();
    const username = await account();
    const { header, user } = await signIn(identity, username);
    await changeUser(test.database, user.id, { isActive: false, isAdmin: null });
    expect(await identity.recognise(header)).toEqual({ kind: 'inactive' });
    await test.database.query('delete from user_account where id = $1', [user.id]);
    expect(await identity.recognise(header)).toEqual({
      kind: 'refused',
      detail: `Unknown user ${username}`,
    });
  });

  it('not as the next owner of the name', async () => {
    const identity = node();
    const username = await account();
    const { header, user } = await signIn(identity, username);
    await test.database.query('delete from user_account where id = $1', [user.id]);
    await createUser(test.database, { username, passwordHash: null, isAdmin: true });
    expect(await identity.recognise(header)).toMatchObject({ kind: 'refused' });
  });
});

describe('a password', () => {
  it('is changed by who knows the current one', async () => {
    const identity = node();
    const username = await account();
    const { user, token } = await signIn(identity, username);
    const login = await identity.recognise(`Bearer ${token}`);
    if (login.kind !== 'login') throw new Error('the login is not recognised');
    expect(await identity.identity.changePassword(login, 'wrong', 'next', HERE)).toEqual({ kind: 'wrong' });
    expect(await identity.identity.changePassword(login, 'right', 'next', HERE)).toEqual({
      kind: 'changed',
    });
    expect(await identity.signIn(username, 'right')).toEqual({ kind: 'refused' });
    expect((await signIn(identity, username, 'next')).kind).toBe('ok');
    await setPasswordHash(test.database, user.id, await passwords.hash('right'));
  });
});

describe('the first administrator', () => {
  it('is made once, however many servers start together, and can sign in', async () => {
    await test.database.query('delete from user_account where is_admin');
    const made = await Promise.all(
      Array.from({ length: 4 }, () => ensureFirstAdmin(test.database, passwords, undefined)),
    );
    const [admin, ...more] = made.filter((one) => one !== null);
    expect([admin?.username, more]).toEqual(['admin', []]);
    expect(admin?.oneTimePassword?.length).toBeGreaterThanOrEqual(16);
    const { user } = await signIn(node(), 'admin', admin?.oneTimePassword ?? '');
    expect(user.isAdmin).toBe(true);
    expect(await ensureFirstAdmin(test.database, passwords, undefined)).toBeNull();
  });

  it('gets the configured password, which is not shown', async () => {
    await test.database.query('delete from user_account where is_admin');
    expect(await ensureFirstAdmin(test.database, passwords, 'configured')).toEqual({
      username: 'admin',
      oneTimePassword: null,
    });
    expect((await signIn(node(), 'admin', 'configured')).user.isAdmin).toBe(true);
  });

  it('whose shown password was never used takes the configured one; one that signed in keeps its own', async () => {
    await test.database.query('delete from user_account where is_admin');
    await ensureFirstAdmin(test.database, passwords, undefined);
    expect(await ensureFirstAdmin(test.database, passwords, 'rescued')).not.toBeNull();
    expect((await signIn(node(), 'admin', 'rescued')).kind).toBe('ok');
    expect(await ensureFirstAdmin(test.database, passwords, 'too late')).toBeNull();
    expect((await signIn(node(), 'admin', 'rescued')).kind).toBe('ok');
  });
});

describe("the server's own secrets", () => {
  it('are the same for servers that start together and ever after', async () => {
    let made = 0;
    const { ensure } = createSecrets(test.database, testSealer());
    const ask = () => ensure('test', () => `secret ${++made}`);
    const secrets = new Set(await Promise.all(Array.from({ length: 5 }, ask)));
    expect(secrets.size).toBe(1);
    expect(await ask()).toBe([...secrets][0]);
  });
});
