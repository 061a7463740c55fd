/** Accounts and logins as the server itself makes them. */
import { localAccounts } from '../src/identity/local-accounts.ts';
import { createLoginTokens, type LoginTokens } from '../src/identity/login-tokens.ts';
import { createPasswords } from '../src/identity/passwords.ts';
import type { Clock } from '../src/lib/clock.ts';
import { PRIVATE_NETWORKS, parseNetworks } from '../src/lib/network.ts';
import { buildPeople, type PeopleDeps, type People as ServerPeople } from '../src/people.ts';
import type { Database } from '../src/store/database.ts';
import { createSecrets } from '../src/store/secret.ts';
import { createUser } from '../src/store/user.ts';
import { testRates } from './rates.ts';
import { testSealer } from './sealer.ts';

export const PASSWORD = 'correct horse';
const SECRET = Buffer.alloc(32, 7);
/** Where tests sign in from. */
export const HERE = { address: '127.0.0.1', device: 'tests', requestId: null };

export interface Person {
  readonly id: number;
  readonly token: string;
}

export interface People extends ServerPeople {
  readonly tokens: LoginTokens;
  /** Makes the account when there is none and signs in. */
  signedIn(username: string, isAdmin?: boolean): Promise<Person>;
}

export async function createPeople(
  database: Database,
  clock: Clock,
  given: Partial<PeopleDeps> = {},
): Promise<People> {
  const [passwords, tokens] = [await createPasswords(), createLoginTokens(SECRET)];
  const passwordHash = await passwords.hash(PASSWORD);
  const people = buildPeople({
    database,
    clock,
    node: 'test',
    tokens,
    passwords,
    checks: [localAccounts(database, passwords)],
    adminUsers: new Set(),
    publishNetworks: parseNetworks(PRIVATE_NETWORKS),
    rates: testRates(),
    onVerdict: () => undefined,
    secrets: createSecrets(database, testSealer()),
    onChanged: () => undefined,
    onProvidersChanged: () => undefined,
    onError: () => undefined,
    ...given,
  });
  return {
    ...people,
    tokens,
    async signedIn(username, isAdmin = false) {
      await createUser(database, { username, isAdmin, passwordHash });
      const result = await people.identity.signIn(username, PASSWORD, HERE);
      if (result.kind !== 'ok') throw new Error(`${username} could not sign in`);
      return { id: result.user.id, token: result.token };
    },
  };
}
