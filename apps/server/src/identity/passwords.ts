/** Passwords are kept as argon2id (RFC 9106): 19 MiB, two passes, one lane (OWASP's smallest advice; about 50 ms). */
import { hash, verify } from '@node-rs/argon2';
import { limit } from '../lib/limit.ts';

/** `algorithm` 2 is argon2id: the library's enum cannot be imported one file at a time. */
const OPTIONS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Each hash takes a thread of libuv's four for its time; more at once would starve file and DNS work. */
const AT_ONCE = 2;
/** About three seconds of work; who comes then is told to come back. */
const MOST_WAITING = 100;

export interface Passwords {
  /** Both throw `QueueFull` when too many wait. */
  hash(password: string): Promise<string>;
  /** With no hash it takes as long and is false: whether an account exists cannot be told from the time. */
  verify(hash: string | null, password: string): Promise<boolean>;
}

export async function createPasswords(): Promise<Passwords> {
  const run = limit(AT_ONCE, MOST_WAITING);
  const nobody = await hash('nobody has this password', OPTIONS);
  return {
    hash: (password) => run(() => hash(password, OPTIONS)),
    verify: async (stored, password) => {
      const matches = await run(() => verify(stored ?? nobody, password));
      return stored !== null && matches;
    },
  };
}
