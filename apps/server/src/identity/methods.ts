/** The ways to sign in, in the configured order. */
import type { Queryable } from '../store/database.ts';
import { bounded, type CredentialCheck } from './credential-check.ts';
import { type Directory, ldapDirectory } from './ldap/directory.ts';
import { localAccounts } from './local-accounts.ts';
import { type PasswordUrl, passwordUrl } from './password-url.ts';
import type { Passwords } from './passwords.ts';

export interface Methods {
  /** Asked in this order. */
  readonly order: readonly ('local' | 'ldap' | 'url')[];
  readonly url: PasswordUrl | null;
  readonly directory: Directory | null;
}

/** Administrators with a password here can sign in whatever is configured, and whatever is broken. */
export function buildMethods(
  { order, url, directory }: Methods,
  database: Queryable,
  passwords: Passwords,
): CredentialCheck[] {
  const build = {
    local: () => localAccounts(database, passwords),
    ldap: () => directory && bounded(ldapDirectory(directory)),
    url: () => url && bounded(passwordUrl(url)),
  };
  const checks = order.map((method) => build[method]()).filter((check) => check !== null);
  return order.includes('local') ? checks : [...checks, localAccounts(database, passwords, 'administrators')];
}
