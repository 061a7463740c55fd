import { createServer, type Server } from 'node:net';
import { Client } from 'ldapts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasSlapd, PEOPLE, ROOT, type Slapd, SUFFIX, startSlapd } from '../../../test/slapd.ts';
import { SAYS_NOTHING } from '../credential-check.ts';
import type { DirectoryServer } from './connection.ts';
import { type Directory, type Lookup, ldapDirectory } from './directory.ts';

const GROUPS = `ou=groups,${SUFFIX}`;
const person = (uid: string, more = '') =>
  `dn: uid=${uid},${PEOPLE}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\n${more}userPassword: ${uid} secret\n\n`;
const ENTRIES = [
  `dn: ${PEOPLE}\nobjectClass: organizationalUnit\nou: people\n\n`,
  person('ada'),
  person('Bob'),
  person('leaver'),
  person('guest', 'employeeType: guest\n'),
  `dn: cn=twin one,${PEOPLE}\nobjectClass: inetOrgPerson\nuid: twin\ncn: twin one\nsn: t\nuserPassword: twin secret\n\n`,
  `dn: cn=twin two,${PEOPLE}\nobjectClass: inetOrgPerson\nuid: twin\ncn: twin two\nsn: t\nuserPassword: twin secret\n\n`,
  `dn: cn=keyless,${PEOPLE}\nobjectClass: inetOrgPerson\nuid: keyless\ncn: keyless\nsn: k\n\n`,
  `dn: cn=admins,${SUFFIX}\nobjectClass: groupOfNames\ncn: admins\nmember: uid=ada,${PEOPLE}\n\n`,
  `dn: cn=posix,${SUFFIX}\nobjectClass: posixGroup\ncn: posix\ngidNumber: 1\nmemberUid: bob\n\n`,
  `dn: ${GROUPS}\nobjectClass: organizationalUnit\nou: groups\n\n`,
  `dn: cn=Night shift,${GROUPS}\nobjectClass: groupOfUniqueNames\ncn: Night shift\nuniqueMember: uid=ada,${PEOPLE}\n\n`,
  `dn: cn=posix too,${GROUPS}\nobjectClass: posixGroup\ncn: posix too\ngidNumber: 2\nmemberUid: bob\n\n`,
].join('');
/** One of the groups and one beside them. */
const ROLES = [
  `dn: cn=On call\\, weekends,${GROUPS}\nobjectClass: organizationalRole\nroleOccupant: uid=ada,${PEOPLE}\n\n`,
  `dn: cn=elsewhere,${SUFFIX}\nobjectClass: organizationalRole\nroleOccupant: uid=ada,${PEOPLE}\n\n`,
].join('');

const TEMPLATE: Lookup = { kind: 'template', template: `uid={username},${PEOPLE}` };
const SEARCH: Lookup = {
  kind: 'search',
  baseDn: SUFFIX,
  usernameAttribute: 'uid',
  filter: '(!(employeeType=guest))',
  bindAs: ROOT,
};

describe.runIf(hasSlapd())('an LDAP directory', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd(ENTRIES);
    slapd.add(ROLES);
  });
  afterAll(() => slapd.stop());

  const server = (given: Partial<DirectoryServer> = {}): DirectoryServer => ({
    url: slapd.ldaps,
    startTls: true,
    ca: slapd.ca,
    timeoutMs: 5_000,
    ...given,
  });
  const ask = (
    username: string,
    password: string,
    given: Partial<Directory> = {},
    at: Partial<DirectoryServer> = {},
  ) =>
    ldapDirectory({ server: server(at), lookup: SEARCH, memberships: {}, ...given }).check(
      username,
      password,
    );

  describe.each([
    ['by template', TEMPLATE],
    ['by search', SEARCH],
    ['by anonymous search', { ...SEARCH, bindAs: null }],
  ] as const)('that is asked %s', (_name, lookup) => {
    it('says yes to the right password', async () => {
      expect(await ask('ada', 'ada secret', { lookup })).toEqual({
        ...SAYS_NOTHING,
        kind: 'ok',
        isAdmin: null,
      });
      expect(await ask('bob', 'Bob secret', { lookup })).toEqual({
        ...SAYS_NOTHING,
        kind: 'ok',
        isAdmin: null,
      });
    });

    it.each([
      ['ada', 'wrong'],
      ['ada', ''],
      ['ada', 'Bob secret'],
      ['keyless', 'x'],
      ['nobody', 'ada secret'],
      ['*', 'ada secret'],
      ['a*', 'ada secret'],
      ['ada)(uid=*', 'ada secret'],
      ['*)(|(uid=*', 'ada secret'],
      ['ada\\2a', 'ada secret'],
      [`ada,${PEOPLE}`, 'ada secret'],
      ['ada+cn=ada', 'ada secret'],
      [' ada', 'ada secret'],
      ['ada ', 'ada secret'],
      ['ａda', 'ada secret'],
      ['ada\n', 'ada secret'],
    ])('says no to %j with %j', async (username, password) => {
      expect((await ask(username, password, { lookup })).kind).toBe('refused');
    });
  });

  it('is believed about an empty password neither here nor there: the server itself says yes to it', async () => {
    const client = new Client({ url: slapd.ldap });
    await client.bind(`uid=ada,${PEOPLE}`, '');
    await client.unbind();
    const verdict = await ask('ada', '', { lookup: TEMPLATE });
    expect(verdict).toEqual({ kind: 'refused', reason: 'the password is empty' });
  });

  it('lets only those in whom the filter means, and nobody of two with one name', async () => {
    expect(await ask('guest', 'guest secret')).toEqual({ kind: 'refused', reason: 'not in the directory' });
    expect(await ask('twin', 'twin secret')).toMatchObject({
      kind: 'refused',
      reason: 'more than one entry of the directory matches',
    });
  });

  it('refuses somebody who was removed from it', async () => {
    expect((await ask('leaver', 'leaver secret')).kind).toBe('ok');
    slapd.remove(`uid=leaver,${PEOPLE}`);
    expect(await ask('leaver', 'leaver secret')).toEqual({ kind: 'refused', reason: 'not in the directory' });
    expect((await ask('leaver', 'leaver secret', { lookup: TEMPLATE })).kind).toBe('refused');
  });

  it.each([TEMPLATE, SEARCH])('knows the administrators by their group', async (lookup) => {
    const said = async (username: string, password: string, adminGroup: string) => {
      const verdict = await ask(username, password, { lookup, memberships: { adminGroup } });
      return verdict.kind === 'ok' && verdict.isAdmin;
    };
    expect(await said('ada', 'ada secret', `cn=admins,${SUFFIX}`)).toBe(true);
    expect(await said('bob', 'Bob secret', `cn=admins,${SUFFIX}`)).toBe(false);
    expect(await said('bob', 'Bob secret', `cn=posix,${SUFFIX}`)).toBe(true);
    expect(await said('ada', 'ada secret', `cn=gone,${SUFFIX}`)).toBe(false);
  });

  it.each([TEMPLATE, SEARCH])('knows auditors and groups in the same way', async (lookup) => {
    const memberships = { auditorGroup: `cn=admins,${SUFFIX}`, groupBaseDn: GROUPS };
    const said = (username: string, password: string) => ask(username, password, { lookup, memberships });
    expect(await said('ada', 'ada secret')).toEqual({
      kind: 'ok',
      isAdmin: null,
      isAuditor: true,
      groups: ['Night shift', 'On call, weekends'],
    });
    expect(await said('bob', 'Bob secret')).toMatchObject({ isAuditor: false, groups: ['posix too'] });
    const elsewhere = { groupBaseDn: `ou=nowhere,${SUFFIX}` };
    expect(await ask('ada', 'ada secret', { lookup, memberships: elsewhere })).toMatchObject({ groups: [] });
  });

  it('is unavailable when the searching account is wrong, and the reason says so without a password', async () => {
    const lookup = { ...SEARCH, bindAs: { ...ROOT, password: 'hunter2' } };
    const verdict = await ask('ada', 'ada secret', { lookup });
    expect(verdict).toEqual({ kind: 'unavailable', reason: 'InvalidCredentialsError (LDAP code 49)' });
  });

  it('is unavailable when there is nothing below the base', async () => {
    const verdict = await ask('ada', 'ada secret', { lookup: { ...SEARCH, baseDn: 'dc=elsewhere' } });
    expect(verdict).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('32') });
  });

  describe('encrypted', () => {
    it('by StartTLS', async () => {
      expect((await ask('ada', 'ada secret', {}, { url: slapd.ldap })).kind).toBe('ok');
    });

    it('not at all, when that is wanted', async () => {
      const plain = { url: slapd.ldap, startTls: false, ca: undefined };
      expect((await ask('ada', 'ada secret', {}, plain)).kind).toBe('ok');
    });

    it.each(['ldap', 'ldaps'] as const)(
      'by a certificate nobody vouches for: unavailable (%s)',
      async (way) => {
        const verdict = await ask('ada', 'ada secret', {}, { url: slapd[way], ca: undefined });
        expect(verdict).toMatchObject({ kind: 'unavailable', reason: expect.stringMatching(/SELF_SIGNED/) });
      },
    );

    it.each(['ldap', 'ldaps'] as const)(
      'by the certificate of another name: unavailable (%s)',
      async (way) => {
        const url = slapd[way].replace('127.0.0.1', '127.0.0.2');
        const verdict = await ask('ada', 'ada secret', {}, { url });
        expect(verdict).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('ALTNAME') });
      },
    );

    it.each(['ldap', 'ldaps'] as const)(
      'by a certificate whose time is over: unavailable (%s)',
      async (way) => {
        const expired = await startSlapd(ENTRIES, 'expired');
        try {
          const verdict = await ask('ada', 'ada secret', {}, { url: expired[way], ca: expired.ca });
          expect(verdict).toEqual({
            kind: 'unavailable',
            reason: 'CERT_HAS_EXPIRED: certificate has expired',
          });
        } finally {
          await expired.stop();
        }
      },
    );
  });

  it.each(['ldap', 'ldaps'] as const)('that has fallen silent is unavailable in time (%s)', async (way) => {
    await slapd.freeze();
    try {
      const verdict = await ask('ada', 'ada secret', {}, { url: slapd[way], timeoutMs: 150 });
      expect(verdict).toEqual({ kind: 'unavailable', reason: 'no answer within 150 ms' });
    } finally {
      slapd.thaw();
    }
    expect((await ask('ada', 'ada secret')).kind).toBe('ok');
  });

  it('that is dead is unavailable', async () => {
    const dead = await startSlapd(ENTRIES);
    await dead.stop();
    const verdict = await ask('ada', 'ada secret', {}, { url: dead.ldaps });
    expect(verdict).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('ECONNREFUSED') });
  });
});

describe('a directory that ends the conversation', () => {
  let server: Server | null = null;
  afterEach(() => {
    server?.close();
    server = null;
  });

  it('is not told the password on a second connection, which would not be encrypted', async () => {
    const heard: string[] = [];
    const listening = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        heard.push(data.toString('latin1'));
        socket.destroy();
      });
    }).listen(0, '127.0.0.1');
    server = listening;
    await new Promise((resolve) => listening.once('listening', resolve));
    const address = listening.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    const url = `ldap://127.0.0.1:${address.port}`;
    const directory = {
      server: { url, startTls: true, timeoutMs: 2_000 },
      lookup: TEMPLATE,
      memberships: {},
    };
    expect((await ldapDirectory(directory).check('ada', 'hunter2')).kind).toBe('unavailable');
    expect(heard).toHaveLength(1);
    expect(heard.join()).not.toContain('hunter2');
  });
});
