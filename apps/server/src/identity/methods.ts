/** The ways to sign in, in the configured order. */
import type { Queryable } from '../store/database.ts';
import { bounded, type CredentialCheck } from './credential-check.ts';
import { localAccounts } from './local-accounts.ts';
import { passwordUrl } from './password-url.ts';
import type { Passwords } from './passwords.ts';

export interface MethodSettings {
  readonly AUTHENTICATION_METHODS: readonly ('local' | 'url')[];
  readonly AUTHENTICATION_URL?: string | undefined;
  readonly AUTHENTICATION_TIMEOUT_MS: number;
  readonly files: { readonly AUTHENTICATION_CA_FILE?: string | undefined };
}

/** Administrators with a password here can sign in whatever is configured, and whatever is broken. */
export function buildMethods(
  settings: MethodSettings,
  database: Queryable,
  passwords: Passwords,
): CredentialCheck[] {
  const { AUTHENTICATION_METHODS: methods, AUTHENTICATION_URL: url, files } = settings;
  const timeoutMs = settings.AUTHENTICATION_TIMEOUT_MS;
  const checks: CredentialCheck[] = [];
  for (const method of methods) {
    if (method === 'local') checks.push(localAccounts(database, passwords));
    else if (url) checks.push(bounded(passwordUrl({ url, timeoutMs, ca: files.AUTHENTICATION_CA_FILE })));
  }
  if (!methods.includes('local')) checks.push(localAccounts(database, passwords, 'administrators'));
  return checks;
}
