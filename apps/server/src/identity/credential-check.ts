/**
 * The door for other ways of proving who one is (LDAP, a password URL): each is one check, and they are asked in
 * the configured order.
 */
import { limit } from '../lib/limit.ts';
import type { Origin } from '../store/user.ts';

/** What another server says of a person; null where it does not say, and the account stays what it is. */
export interface Vouched {
  readonly isAdmin: boolean | null;
  readonly isAuditor: boolean | null;
  /** The names that server has for the groups of the person. */
  readonly groups: readonly string[] | null;
}

export const SAYS_NOTHING: Vouched = { isAdmin: null, isAuditor: null, groups: null };

export type Verdict =
  | ({ readonly kind: 'ok' } & Vouched)
  | { readonly kind: 'refused'; readonly reason: string }
  /** It could not be asked. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface CredentialCheck {
  readonly name: Exclude<Origin, 'demo'>;
  /**
   * Somebody else decides. It is not asked for an account whose password is kept here: it could take the account
   * over, and would learn its password.
   */
  readonly isOutside: boolean;
  /** `unavailable` lets the next check be asked; `refused` too, since an account lives in one of them. */
  check(username: string, password: string): Promise<Verdict>;
}

/** Hears of every check that did not say yes. Reasons never hold what was typed. */
export type OnVerdict = (name: CredentialCheck['name'], verdict: Exclude<Verdict, { kind: 'ok' }>) => void;

/** A yes, and whose it is. */
export type Proof = Vouched & { readonly by: Origin };

/** The first yes, or null. */
export async function askInOrder(
  checks: readonly CredentialCheck[],
  username: string,
  password: string,
  onVerdict: OnVerdict,
): Promise<Proof | null> {
  for (const one of checks) {
    const verdict = await one.check(username, password);
    if (verdict.kind === 'ok') {
      const { isAdmin, isAuditor, groups } = verdict;
      return { by: one.name, isAdmin, isAuditor, groups };
    }
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
