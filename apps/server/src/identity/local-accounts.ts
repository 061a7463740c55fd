/** Accounts whose passwords this server keeps. */
import { randomBytes } from 'node:crypto';
import type { Database, Queryable } from '../store/database.ts';
import { createUser, findUnusedAdmin, findUserByName, hasAdmin, setPasswordHash } from '../store/user.ts';
import type { CredentialCheck } from './credential-check.ts';
import type { Passwords } from './passwords.ts';

export function localAccounts(database: Queryable, passwords: Passwords): CredentialCheck {
  return {
    name: 'local',
    async check(username, password) {
      const user = await findUserByName(database, username);
      return (await passwords.verify(user?.passwordHash ?? null, password)) ? 'ok' : 'refused';
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
