/** Signing in by a real directory, with accounts here beside it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testClock } from '../../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../../test/database.ts';
import { createPeople, HERE, PASSWORD } from '../../../test/people.ts';
import { hasSlapd, PEOPLE, ROOT, type Slapd, SUFFIX, startSlapd } from '../../../test/slapd.ts';
import { createUser } from '../../store/user.ts';
import { createGroup } from '../../store/user-group.ts';
import { buildMethods } from '../methods.ts';
import { createPasswords, type Passwords } from '../passwords.ts';
import type { DirectoryServer } from './connection.ts';
import type { Memberships } from './membership.ts';

const person = (uid: string) =>
  `dn: uid=${uid},${PEOPLE}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\nuserPassword: ${uid} secret\n\n`;
const group = (name: string, member: string) =>
  `dn: cn=${name},${SUFFIX}\nobjectClass: groupOfNames\ncn: ${name}\nmember: uid=${member},${PEOPLE}\n\n`;
const ENTRIES = [
  `dn: ${PEOPLE}\nobjectClass: organizationalUnit\nou: people\n\n`,
  ...['ada', 'leaver'].map(person),
  ...['admins', 'night'].map((name) => group(name, 'ada')),
].join('');
const MEMBERSHIPS: Memberships = { adminGroup: `cn=admins,${SUFFIX}`, groupBaseDn: SUFFIX };

describe.runIf(hasSlapd())('signing in by LDAP', () => {
  let slapd: Slapd;
  let expired: Slapd;
  let test: TestDatabase;
  let passwords: Passwords;
  beforeAll(async () => {
    [slapd, expired] = [await startSlapd(ENTRIES), await startSlapd(ENTRIES, 'expired')];
    [test, passwords] = [await testDatabase(), await createPasswords()];
    const passwordHash = await passwords.hash(PASSWORD);
    await createUser(test.database, { username: 'root', isAdmin: true, passwordHash });
  });
  afterAll(async () => {
    await slapd.stop();
    await expired.stop();
    await test.drop();
  });

  /** Signs in with these settings; `reasons` is what the log would say. */
  async function signIn(username: string, password: string, given: Partial<DirectoryServer> = {}) {
    const server = { url: slapd.ldaps, startTls: true, ca: slapd.ca, timeoutMs: 2_000, ...given };
    const lookup = {
      kind: 'search',
      baseDn: PEOPLE,
      usernameAttribute: 'uid',
      filter: '(objectClass=*)',
      bindAs: ROOT,
    } as const;
    const directory = { server, lookup, memberships: MEMBERSHIPS };
    const reasons: string[] = [];
    const people = await createPeople(test.database, testClock().now, {
      checks: buildMethods({ order: ['ldap'], url: null, directory }, test.database, passwords),
      onVerdict: (name, { kind, reason }) => void reasons.push(`${name} ${kind}: ${reason}`),
    });
    return { result: await people.identity.signIn(username, password, HERE), reasons };
  }

  it('gives the roles and the groups of the directory, and takes them back with the next sign-in', async () => {
    await createGroup(test.database, { name: 'Night shift', source: 'ldap', externalName: 'Night' });
    const groupsOf = (id: number) =>
      test.database.query(
        'select g.name from user_group g join group_member m on m.group_id = g.id where m.user_id = $1',
        [id],
      );
    const { result: first } = await signIn('ada', 'ada secret');
    if (first.kind !== 'ok') throw new Error(`it is ${first.kind}`);
    expect([first.user.isAdmin, await groupsOf(first.user.id)]).toEqual([true, [{ name: 'Night shift' }]]);
    for (const name of ['admins', 'night']) slapd.remove(`cn=${name},${SUFFIX}`);
    const { result: second } = await signIn('ada', 'ada secret');
    expect(second).toMatchObject({ kind: 'ok', user: { isAdmin: false } });
    expect(await groupsOf(first.user.id)).toEqual([]);
  });

  describe.each<
    [
      what: string,
      reason: RegExp,
      prepare: () => Partial<DirectoryServer> | Promise<Partial<DirectoryServer>>,
      after?: () => void,
    ]
  >([
    ['the password is wrong', /^ldap refused: InvalidCredentialsError/, () => ({})],
    ['the directory is dead', /^ldap unavailable: ECONNREFUSED/, () => ({ url: 'ldaps://127.0.0.1:1' })],
    [
      'the directory is slow',
      /^ldap unavailable: no answer within 150 ms/,
      async () => {
        await slapd.freeze();
        return { timeoutMs: 150 };
      },
      () => slapd.thaw(),
    ],
    [
      'its certificate is over',
      /^ldap unavailable: CERT_HAS_EXPIRED/,
      () => ({ url: expired.ldaps, ca: expired.ca }),
    ],
    [
      'the person was removed',
      /^ldap refused: not in the directory/,
      () => {
        slapd.remove(`uid=leaver,${PEOPLE}`);
        return {};
      },
    ],
  ])('when %s', (_what, reason, prepare, after = () => undefined) => {
    it('refuses, says why in the log, and lets the local administrator in', async () => {
      const given = await prepare();
      try {
        const { result, reasons } = await signIn('leaver', 'not the secret', given);
        expect(result.kind).toBe('refused');
        expect(reasons[0]).toMatch(reason);
        expect(reasons.join()).not.toContain('not the secret');
        expect((await signIn('root', PASSWORD, given)).result).toMatchObject({
          kind: 'ok',
          user: { isAdmin: true },
        });
      } finally {
        after();
      }
    });
  });
});
