/**
 * The door for other ways of proving who one is (LDAP, OIDC, a password URL): each is one check, and they are
 * asked in the configured order.
 */
export interface CredentialCheck {
  readonly name: string;
  /** `unavailable` lets the next check be asked; `refused` too, since an account lives in one of them. */
  check(username: string, password: string): Promise<'ok' | 'refused' | 'unavailable'>;
}

/** True as soon as one check says yes. */
export async function askInOrder(
  checks: readonly CredentialCheck[],
  username: string,
  password: string,
): Promise<boolean> {
  for (const one of checks) {
    if ((await one.check(username, password)) === 'ok') return true;
  }
  return false;
}
