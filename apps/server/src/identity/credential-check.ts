/**
 * The door for other ways of proving who one is (LDAP, a password URL): each is one check, and they are asked in
 * the configured order.
 */
import { limit } from '../lib/limit.ts';

export type Verdict =
  /** `isAdmin` is null when the check does not say; the account then stays what it is. */
  | { readonly kind: 'ok'; readonly isAdmin: boolean | null }
  | { readonly kind: 'refused'; readonly reason: string }
  /** It could not be asked. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface CredentialCheck {
  readonly name: string;
  /**
   * Somebody else decides. It is not asked for an account whose password is kept here: it could take the account
   * over, and would learn its password.
   */
  readonly isOutside: boolean;
  /** `unavailable` lets the next check be asked; `refused` too, since an account lives in one of them. */
  check(username: string, password: string): Promise<Verdict>;
}

/** Hears of every check that did not say yes. Reasons never hold what was typed. */
export type OnVerdict = (name: string, verdict: Exclude<Verdict, { kind: 'ok' }>) => void;

/** The first yes, or null. */
export async function askInOrder(
  checks: readonly CredentialCheck[],
  username: string,
  password: string,
  onVerdict: OnVerdict,
): Promise<Extract<Verdict, { kind: 'ok' }> | null> {
  for (const one of checks) {
    const verdict = await one.check(username, password);
    if (verdict.kind === 'ok') return verdict;
    onVerdict(one.name, verdict);
  }
  return null;
}

const AT_ONCE = 20;
const MOST_WAITING = 100;

/** A slow server of somebody else's must not gather people without end: `QueueFull` when too many wait for it. */
export function bounded(check: CredentialCheck): CredentialCheck {
  const run = limit(AT_ONCE, MOST_WAITING);
  return { ...check, check: (username, password) => run(() => check.check(username, password)) };
}
