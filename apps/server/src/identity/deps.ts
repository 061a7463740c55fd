import type { Audit } from '../audit/audit.ts';
import type { Place } from '../audit/entry.ts';
import type { Clock } from '../lib/clock.ts';
import type { Database } from '../store/database.ts';
import type { CredentialCheck, OnVerdict } from './credential-check.ts';
import type { Keys } from './keys.ts';
import type { LastUse } from './last-use.ts';
import type { LoginTokens } from './login-tokens.ts';
import type { Memory } from './memory.ts';
import type { Passwords } from './passwords.ts';
import type { Throttle } from './throttle.ts';

/** Where somebody signs in from. */
export interface From extends Place {
  /** What signs in, as it says itself. */
  readonly device: string;
}

export interface IdentityDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly tokens: LoginTokens;
  readonly keys: Keys;
  readonly memory: Memory;
  readonly lastUse: LastUse;
  readonly passwords: Passwords;
  readonly throttle: Throttle;
  readonly audit: Audit;
  /** Asked in this order. */
  readonly checks: readonly CredentialCheck[];
  readonly onVerdict: OnVerdict;
  /** Who is an administrator from the first sign-in on, when another server vouches for the account. */
  readonly adminUsers: ReadonlySet<string>;
}
