/** Accounts and logins as the server itself makes them. */
import { type Accounts, createAccounts } from '../src/identity/accounts.ts';
import { createIdentity, type Identity } from '../src/identity/identity.ts';
import { localAccounts } from '../src/identity/local-accounts.ts';
import { createLoginTokens, type LoginTokens } from '../src/identity/login-tokens.ts';
import { createPasswords } from '../src/identity/passwords.ts';
import { createThrottle } from '../src/identity/throttle.ts';
import type { Clock } from '../src/lib/clock.ts';
import type { Database } from '../src/store/database.ts';
import { createUser } from '../src/store/user.ts';

export const PASSWORD = 'correct horse';
const SECRET = Buffer.alloc(32, 7);

export interface Person {
  readonly id: number;
  readonly token: string;
}

export interface People {
  readonly identity: Identity;
  readonly accounts: Accounts;
  readonly tokens: LoginTokens;
  /** Makes the account when there is none and signs in. */
  signedIn(username: string, isAdmin?: boolean): Promise<Person>;
}

export async function createPeople(
  database: Database,
  clock: Clock,
  onRevoked: () => void = () => undefined,
): Promise<People> {
  const [passwords, tokens] = [await createPasswords(), createLoginTokens(SECRET)];
  const checks = [localAccounts(database, passwords)];
  const throttle = createThrottle(database, clock);
  const passwordHash = await passwords.hash(PASSWORD);
  const identity = createIdentity({
    database,
    clock,
    tokens,
    passwords,
    throttle,
    checks,
    adminUsers: new Set(),
    onVerdict: () => undefined,
    onRevoked,
  });
  const onChanged = () => {
    identity.forget();
    onRevoked();
  };
  return {
    identity,
    accounts: createAccounts({ database, clock, passwords, onChanged }),
    tokens,
    async signedIn(username, isAdmin = false) {
      await createUser(database, { username, isAdmin, passwordHash });
      const result = await identity.signIn(username, PASSWORD, '127.0.0.1');
      if (result.kind !== 'ok') throw new Error(`${username} could not sign in`);
      return { id: result.user.id, token: result.token };
    },
  };
}
