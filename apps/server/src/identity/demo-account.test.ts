import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testClock } from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { createPeople, HERE, type People } from '../../test/people.ts';
import { createUser, findUserByName } from '../store/user.ts';
import { ensureDemoAccount } from './demo-account.ts';
import { localAccounts } from './local-accounts.ts';
import { createPasswords, type Passwords } from './passwords.ts';

let test: TestDatabase;
let passwords: Passwords;
let people: People;
const clock = testClock();
beforeAll(async () => {
  [test, passwords] = [await testDatabase(), await createPasswords()];
  people = await createPeople(test.database, clock.now);
});
afterAll(() => test.drop());
beforeEach(() => test.database.query('delete from user_account'));

const start = (password?: string) =>
  ensureDemoAccount(test.database, passwords, password, new Date(clock.now()));
const signIn = (password: string) => people.identity.signIn('demo', password, HERE);

describe('the demo account', () => {
  it('is there with the configured password, and is no administrator', async () => {
    await start('for reviewers');
    expect(await signIn('for reviewers')).toMatchObject({ kind: 'ok', user: { isAdmin: false } });
  });

  it('is not there without one', async () => {
    await start();
    expect(await findUserByName(test.database, 'demo')).toBeNull();
  });

  it('keeps its logins over a restart, and loses them with another password or without one', async () => {
    await start('for reviewers');
    for (const [next, kind] of [
      ['for reviewers', 'login'],
      ['another one', 'refused'],
    ] as const) {
      const login = await signIn('for reviewers');
      if (login.kind !== 'ok') throw new Error(login.kind);
      await start(next);
      people.identity.forget();
      expect((await people.identity.authenticate(`Bearer ${login.token}`, HERE)).kind).toBe(kind);
    }
    await start();
    expect((await signIn('another one')).kind).toBe('refused');
  });

  it('is an administrator no more, if it was one', async () => {
    await createUser(test.database, { username: 'demo', passwordHash: null, isAdmin: true });
    await start('for reviewers');
    expect((await findUserByName(test.database, 'demo'))?.isAdmin).toBe(false);
  });

  it('signs in where only administrators have a password here', async () => {
    await start('for reviewers');
    const local = localAccounts(test.database, passwords, 'administrators');
    expect((await local.check('demo', 'for reviewers')).kind).toBe('ok');
  });
});
