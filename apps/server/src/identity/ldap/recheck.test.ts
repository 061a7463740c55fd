import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testClock } from '../../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../../test/database.ts';
import { createPeople, HERE, PASSWORD, type People } from '../../../test/people.ts';
import { hasSlapd, PEOPLE, ROOT, type Slapd, SUFFIX, startSlapd } from '../../../test/slapd.ts';
import { SYSTEM } from '../../audit/entry.ts';
import { createUser, findUserByName } from '../../store/user.ts';
import { buildMethods } from '../methods.ts';
import { createPasswords } from '../passwords.ts';
import type { SearchedDirectory } from './directory.ts';
import { createRecheck } from './recheck.ts';

const person = (uid: string) =>
  `dn: uid=${uid},${PEOPLE}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\nuserPassword: ${uid} secret\n\n`;
const ENTRIES = [
  `dn: ${PEOPLE}\nobjectClass: organizationalUnit\nou: people\n\n`,
  ...['ada', 'bob', 'leaver'].map(person),
].join('');

describe.runIf(hasSlapd())('somebody who leaves the directory', () => {
  let slapd: Slapd;
  let test: TestDatabase;
  let people: People;
  let directory: SearchedDirectory;
  let ended: string[] = [];
  const clock = testClock();
  beforeAll(async () => {
    [slapd, test] = [await startSlapd(ENTRIES), await testDatabase()];
    directory = {
      server: { url: slapd.ldaps, startTls: true, ca: slapd.ca, timeoutMs: 5_000 },
      lookup: {
        kind: 'search',
        baseDn: SUFFIX,
        usernameAttribute: 'uid',
        filter: '(objectClass=*)',
        bindAs: ROOT,
      },
    };
    const methods = { order: ['ldap'] as const, url: null, directory: { ...directory, memberships: {} } };
    const checks = buildMethods(methods, test.database, await createPasswords());
    people = await createPeople(test.database, clock.now, { checks });
  });
  afterAll(async () => {
    await slapd.stop();
    await test.drop();
  });
  beforeEach(() => {
    ended = [];
  });

  const signIn = async (username: string, password = `${username} secret`) => {
    const result = await people.identity.signIn(username, password, HERE);
    if (result.kind !== 'ok') throw new Error(`${username} could not sign in: ${result.kind}`);
    return result.token;
  };
  const isGood = async (token: string) => {
    people.identity.forget();
    return (await people.identity.authenticate(`Bearer ${token}`, HERE)).kind === 'login';
  };
  const recheck = (given: Partial<SearchedDirectory> = {}) =>
    createRecheck({
      database: test.database,
      audit: people.audit,
      clock: clock.now,
      directory: { ...directory, ...given },
      everyMinutes: 15,
      onEnded: (username) => void ended.push(username),
      onError: () => undefined,
    }).runOnce();

  it('loses all logins and keys, and nobody else does: neither others of the directory nor local accounts', async () => {
    const staying = await signIn('ada');
    const { token: local } = await localAdmin();
    const leaving = [await signIn('leaver'), await signIn('leaver')];
    const key = await keyOf('leaver');
    await recheck();
    expect(ended).toEqual([]);
    expect((await people.identity.authenticate(`Bearer ${key}`, HERE)).kind).toBe('key');
    slapd.remove(`uid=leaver,${PEOPLE}`);
    await recheck();
    expect(ended).toEqual(['leaver']);
    for (const token of leaving) expect(await isGood(token)).toBe(false);
    expect((await people.identity.authenticate(`Bearer ${key}`, HERE)).kind).toBe('refused');
    expect([await isGood(staying), await isGood(local)]).toEqual([true, true]);
    await recheck();
    expect(ended).toEqual(['leaver']);
    await people.audit.drain();
    const entries = await test.database.query(
      `select actor_name, subject_name from audit_entry where action = 'session.end-all'`,
    );
    expect(entries).toEqual([{ actor_name: 'ldap', subject_name: 'leaver' }]);
  });

  it('keeps them while the directory cannot say so', async () => {
    const token = await signIn('ada');
    const { server, lookup } = directory;
    const broken: Partial<SearchedDirectory>[] = [
      { server: { ...server, url: 'ldaps://127.0.0.1:1' } },
      { server: { ...server, ca: undefined } },
      { lookup: { ...lookup, baseDn: 'dc=elsewhere' } },
      { lookup: { ...lookup, bindAs: { ...ROOT, password: 'wrong' } } },
    ];
    for (const given of broken) await expect(recheck(given)).rejects.toThrow();
    await slapd.freeze();
    await expect(recheck({ server: { ...server, timeoutMs: 150 } })).rejects.toThrow(
      'no answer within 150 ms',
    );
    slapd.thaw();
    expect(ended).toEqual([]);
    expect(await isGood(token)).toBe(true);
  });

  it('keeps them when the directory knows nobody at all any more', async () => {
    const tokens = [await signIn('ada'), await signIn('bob')];
    const blind = { lookup: { ...directory.lookup, filter: '(objectClass=nothing)' } };
    await expect(recheck(blind)).rejects.toThrow('none of the 2 who are signed in');
    for (const token of tokens) expect(await isGood(token)).toBe(true);
  });

  async function keyOf(username: string): Promise<string> {
    const user = await findUserByName(test.database, username);
    const wish = { name: 'k', serviceIds: null, monitorIds: null, expiresAt: null };
    const owner = { userId: user?.id ?? 0 };
    return (await people.accessKeys.create(SYSTEM, owner, { ...wish, scopes: ['read'] })).text;
  }

  async function localAdmin() {
    const passwords = await createPasswords();
    const passwordHash = await passwords.hash(PASSWORD);
    await createUser(test.database, { username: 'root', isAdmin: true, passwordHash });
    return { token: await signIn('root', PASSWORD) };
  }
});
