import { createServer } from 'node:net';
import { createOperatorDoor } from '@tocsin/push';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testClock } from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { createPeople, HERE } from '../../test/people.ts';
import { createUser } from '../store/user.ts';
import { buildMethods, type Methods } from './methods.ts';
import { createPasswords, type Passwords } from './passwords.ts';

let test: TestDatabase;
let passwords: Passwords;
let port: number;
const clock = testClock();
beforeAll(async () => {
  [test, passwords] = [await testDatabase(), await createPasswords()];
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  port = (probe.address() as { port: number }).port;
  await new Promise((resolve) => probe.close(resolve));
  for (const [username, isAdmin] of [
    ['root', true],
    ['person', false],
  ] as const)
    await createUser(test.database, {
      username,
      isAdmin,
      passwordHash: await passwords.hash('local secret'),
    });
});
afterAll(() => test.drop());

async function identity(order: Methods['order'], verdicts: string[] = []) {
  const { database } = test;
  // Nobody is there.
  const url = `http://127.0.0.1:${port}`;
  const methods: Methods = {
    order,
    url: { url, door: createOperatorDoor({ url, allow: [], timeoutMs: 1_000 }) },
    directory: {
      server: { url: `ldaps://127.0.0.1:${port}`, startTls: true, timeoutMs: 1_000 },
      lookup: { kind: 'template', template: 'uid={username},dc=example' },
      memberships: {},
    },
  };
  const people = await createPeople(database, clock.now, {
    checks: buildMethods(methods, database, passwords),
    onVerdict: (name, { kind }) => void verdicts.push(`${name} ${kind}`),
  });
  return people.identity;
}
const signIn = async (order: Methods['order'], username: string) =>
  (await (await identity(order)).signIn(username, 'local secret', HERE)).kind;

it.each([[['ldap']], [['url', 'ldap']], [['ldap', 'local']]] as const)(
  'a local administrator signs in by %j although every server is dead',
  async (order) => {
    expect(await signIn(order, 'root')).toBe('ok');
  },
);

it('somebody else with a password here signs in only where local is listed', async () => {
  expect(await signIn(['ldap'], 'person')).toBe('refused');
  expect(await signIn(['url', 'local'], 'person')).toBe('ok');
});

it('the methods are asked in the configured order', async () => {
  const verdicts: string[] = [];
  await (await identity(['url', 'local', 'ldap'], verdicts)).signIn('stranger', 'x', HERE);
  expect(verdicts).toEqual(['url unavailable', 'local refused', 'ldap unavailable']);
});
