/** Accounts whose passwords this server keeps. */
import { randomBytes } from 'node:crypto';
import type { Database, Queryable } from '../store/database.ts';
import { createUser, findUnusedAdmin, findUserByName, hasAdmin, setPasswordHash } from '../store/user.ts';
import { type CredentialCheck, SAYS_NOTHING } from './credential-check.ts';
import { DEMO_ACCOUNT } from './demo-account.ts';
import type { Passwords } from './passwords.ts';

/** `administrators`: where people sign in by other means, whoever runs the server still can when those are broken. */
export function localAccounts(
  database: Queryable,
  passwords: Passwords,
  who: 'everybody' | 'administrators' = 'everybody',
): CredentialCheck {
  return {
    name: 'local',
    isOutside: false,
    async check(username, password) {
      const user = await findUserByName(database, username);
      const mayUseIt = who === 'everybody' || user?.isAdmin === true || username === DEMO_ACCOUNT;
      const matches = await passwords.verify((mayUseIt && user?.passwordHash) || null, password);
      return matches
        ? { kind: 'ok', ...SAYS_NOTHING }
        : { kind: 'refused', reason: 'wrong name or password' };
    },
  };
}

export interface FirstAdmin {
  readonly username: string;
  /** Shown once; null when the password was given by the configuration. */
  readonly oneTimePassword: string | null;
}

/**
 * Makes the administrator when there is none. Null when there is one already, or another server was faster. A `given`
 * password also replaces one that was shown and has never been used: it may have gone by unseen.
 */
export async function ensureFirstAdmin(
  database: Database,
  passwords: Passwords,
  given: string | undefined,
): Promise<FirstAdmin | null> {
  const unused = given === undefined ? null : await findUnusedAdmin(database);
  if (unused === null && (await hasAdmin(database))) return null;
  const password = given ?? randomBytes(12).toString('base64url');
  const passwordHash = await passwords.hash(password);
  if (unused) await setPasswordHash(database, unused.id, passwordHash);
  else if (!(await createUser(database, { username: 'admin', passwordHash, isAdmin: true }))) return null;
  return { username: 'admin', oneTimePassword: given === undefined ? password : null };
}
