/**
 * Slows guessing down: after some failures an account, and an address, must wait between two sign-ins, twice as
 * long each time, at most a minute. The counts are in the database: another node or a restart changes nothing.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { networkOf } from '../lib/network.ts';
import type { Database } from '../store/database.ts';
import {
  deleteThrottle,
  findThrottles,
  lockThrottles,
  putFamiliar,
  putThrottle,
  type ThrottleRecord,
  takeFailureBack,
} from '../store/sign-in-throttle.ts';
import type { Delayed } from './answers.ts';

export const FREE_FAILURES = { account: 10, address: 100 } as const;
/** Nobody waits longer, so nobody is locked out. */
export const LONGEST_DELAY_MS = 60_000;
const FIRST_DELAY_MS = 1_000;
/** Without a failure for so long, all are forgotten. */
export const FORGET_AFTER_MS = 3_600_000;

export interface Entered {
  readonly kind: 'entered';
  /** The password was right. */
  succeed(): Promise<void>;
  /** Nothing was checked, so nothing is counted. */
  forgive(): Promise<void>;
}

export type Entry = Entered | Delayed;

export interface Throttle {
  /** To be asked before a password is checked; what it lets in counts as failed until it succeeds. */
  enter(username: string, address: string): Promise<Entry>;
  /** The same where no account is named: only the address counts. */
  enterUnnamed(address: string): Promise<Entry>;
}

interface Bucket {
  readonly key: string;
  readonly free: number;
}

/**
 * From an address where the account has signed in before, only that pair counts: whoever guesses from elsewhere
 * does not delay the owner there.
 */
export function createThrottle(database: Database, clock: Clock): Throttle {
  return {
    async enter(username, address) {
      const now = clock();
      const { pair, account, network } = bucketsOf(username, address);
      const known = await findThrottles(database, [pair.key, account.key, network.key]);
      const used = known.has(pair.key) ? [pair] : [account, network];
      // Refused without a lock: a flood against one account must not take all connections.
      const wait = longestWait([...known.values()].filter(isOf(used)), now);
      if (wait > 0) return delayed(wait);
      const waitNow = await countAhead(database, used, now);
      if (waitNow > 0) return delayed(waitNow);
      return {
        kind: 'entered',
        succeed: () =>
          database.transaction(async (connection) => {
            const then = new Date(clock());
            if (!known.has(pair.key)) {
              // All locks first, in their one order.
              await lockThrottles(connection, [account.key, network.key], then);
              await deleteThrottle(connection, account.key);
              await takeFailureBack(connection, network.key, then);
            }
            await putFamiliar(connection, pair.key, then);
          }),
        forgive: async () => {
          for (const { key } of used) await takeFailureBack(database, key, new Date(clock()));
        },
      };
    },
    async enterUnnamed(address) {
      const network = networkBucket(address);
      const now = clock();
      const known = await findThrottles(database, [network.key]);
      const wait = longestWait([...known.values()], now) || (await countAhead(database, [network], now));
      if (wait > 0) return delayed(wait);
      const takeBack = () => takeFailureBack(database, network.key, new Date(clock()));
      return { kind: 'entered', succeed: takeBack, forgive: takeBack };
    },
  };
}

/** Counted before the password is checked: a hundred guesses sent at once would otherwise all be the first. */
function countAhead(database: Database, used: readonly Bucket[], now: number): Promise<number> {
  return database.transaction(async (connection) => {
    const records = await lockThrottles(
      connection,
      used.map(({ key }) => key),
      new Date(now),
    );
    const wait = longestWait(records, now);
    if (wait > 0) return wait;
    for (const record of records) {
      const free = used.find(({ key }) => key === record.key)?.free ?? 0;
      await putThrottle(connection, afterFailure(record, free, now));
    }
    return 0;
  });
}

function afterFailure(
  { key, failures, changedAt }: ThrottleRecord,
  free: number,
  now: number,
): ThrottleRecord {
  const before = now - changedAt.getTime() >= FORGET_AFTER_MS ? 0 : failures;
  const delay = delayAfter(before + 1, free);
  return { key, failures: before + 1, delayedUntil: new Date(now + delay), changedAt: new Date(now) };
}

/** How long the next attempt must wait, in ms. */
export function delayAfter(failures: number, free: number): number {
  return failures < free ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (failures - free), LONGEST_DELAY_MS);
}

function longestWait(records: readonly ThrottleRecord[], now: number): number {
  const waits = records.map(({ delayedUntil }) => delayedUntil.getTime() - now);
  // Longer than the longest: a clock was set back, which must not lock anybody out.
  return Math.max(0, ...waits.filter((wait) => wait <= LONGEST_DELAY_MS));
}

const delayed = (ms: number) => ({ kind: 'delayed', retryAfterSeconds: Math.ceil(ms / 1_000) }) as const;

const isOf = (used: readonly Bucket[]) => (record: ThrottleRecord) =>
  used.some(({ key }) => key === record.key);

function bucketsOf(username: string, address: string) {
  const network = networkOf(address);
  return {
    pair: { key: hash('pair', username, network), free: FREE_FAILURES.account },
    account: { key: hash('account', username), free: FREE_FAILURES.account },
    network: networkBucket(address),
  };
}

function networkBucket(address: string): Bucket {
  return { key: hash('address', networkOf(address)), free: FREE_FAILURES.address };
}

function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
