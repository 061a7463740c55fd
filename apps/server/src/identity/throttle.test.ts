import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testClock } from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { deleteThrottlesBefore } from '../store/sign-in-throttle.ts';
import {
  createThrottle,
  delayAfter,
  FORGET_AFTER_MS,
  FREE_FAILURES,
  LONGEST_DELAY_MS,
  type Throttle,
} from './throttle.ts';

let test: TestDatabase;
const clock = testClock();
/** Another node, or the same one after a restart: nothing is remembered but in the database. */
const node = (): Throttle => createThrottle(test.database, clock.now);
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.drop());

const HOME = '192.0.2.1';
const ELSEWHERE = '198.51.100.7';
let turn = 0;
const somebody = () => `somebody${++turn}`;
let network = 0;
/** Fresh for every guess, so that only the account is slowed down. */
const strangeAddress = () => `10.${Math.floor(++network / 250)}.${network % 250}.1`;

async function fail(username: string, times: number, address?: string): Promise<void> {
  for (let time = 0; time < times; time++) await node().enter(username, address ?? strangeAddress());
}
async function succeed(username: string, address: string): Promise<void> {
  const entry = await node().enter(username, address);
  if (entry.kind !== 'entered') throw new Error('it was delayed');
  await entry.succeed();
}
const entry = async (username: string, address = strangeAddress()) => {
  const answer = await node().enter(username, address);
  return answer.kind === 'delayed' ? answer.retryAfterSeconds : answer.kind;
};

describe('the delay of an account', () => {
  it('doubles with every failure after the free ones, up to a minute', async () => {
    const username = somebody();
    await fail(username, FREE_FAILURES.account - 1);
    const delays: (number | string)[] = [];
    for (let failure = 0; failure < 9; failure++) {
      await fail(username, 1);
      const delay = await entry(username);
      delays.push(delay);
      clock.advance(Number(delay) * 1_000);
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('is not made longer by who tries during it', async () => {
    const username = somebody();
    await fail(username, FREE_FAILURES.account + 2);
    clock.advance(500);
    await fail(username, 50);
    expect(await entry(username)).toBe(1);
  });

  it('holds for guesses that arrive together, at several nodes', async () => {
    const username = somebody();
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => node().enter(username, strangeAddress())),
    );
    expect(answers.filter(({ kind }) => kind === 'entered')).toHaveLength(FREE_FAILURES.account);
  });

  it('ends with the right password, when it is over', async () => {
    const username = somebody();
    await fail(username, FREE_FAILURES.account);
    clock.advance(1_000);
    await succeed(username, HOME);
    await fail(username, FREE_FAILURES.account - 1);
    expect(await entry(username)).toBe('entered');
  });

  it('does not reach the address where the owner signed in before', async () => {
    const username = somebody();
    await succeed(username, HOME);
    await fail(username, FREE_FAILURES.account);
    expect(await entry(username)).toBe(1);
    expect(await entry(username, HOME)).toBe('entered');
    await fail(username, FREE_FAILURES.account, HOME);
    expect(await entry(username, HOME)).toBe(1);
  });

  it('is no longer than a minute even after a clock was set back by a day', async () => {
    const username = somebody();
    await fail(username, FREE_FAILURES.account + 8);
    clock.advance(-86_400_000);
    expect(await entry(username)).toBe('entered');
    clock.advance(86_400_000);
  });

  it('is forgotten after an hour without a failure', async () => {
    const username = somebody();
    await fail(username, FREE_FAILURES.account + 3);
    clock.advance(FORGET_AFTER_MS);
    await fail(username, FREE_FAILURES.account - 1);
    expect(await entry(username)).toBe('entered');
  });

  it('does not count what was never checked', async () => {
    const username = somebody();
    for (let time = 0; time < FREE_FAILURES.account * 2; time++) {
      const answer = await node().enter(username, strangeAddress());
      if (answer.kind === 'entered') await answer.forgive();
    }
    expect(await entry(username)).toBe('entered');
  });
});

describe('the delay of an address', () => {
  it('comes after many failures, whoever they were for', async () => {
    for (let time = 0; time < FREE_FAILURES.address; time++) await node().enter(somebody(), ELSEWHERE);
    expect(await entry(somebody(), ELSEWHERE)).toBe(1);
    expect(await entry(somebody())).toBe('entered');
  });

  it('counts a whole /64 of IPv6 as one', async () => {
    for (let time = 0; time < FREE_FAILURES.address; time++)
      await node().enter(somebody(), `2001:db8::${time.toString(16)}`);
    expect(await entry(somebody(), '2001:db8:0:0:ffff::1')).toBe(1);
    expect(await entry(somebody(), '2001:db8:0:1::1')).toBe('entered');
  });

  it('holds nobody up when many sign in and fail at once', async () => {
    const office = '203.0.113.77';
    const people = Array.from({ length: 6 }, somebody);
    const all = people.flatMap((username) =>
      Array.from({ length: 5 }, async (_, turn) => {
        const answer = await node().enter(username, office);
        if (answer.kind === 'entered' && turn % 2 === 0) await answer.succeed();
        return answer.kind;
      }),
    );
    expect(new Set(await Promise.all(all))).toEqual(new Set(['entered']));
  });

  it('does not come from people who sign in', async () => {
    const office = '203.0.113.9';
    for (let time = 0; time < FREE_FAILURES.address + 5; time++) await succeed(somebody(), office);
    expect(await entry(somebody(), office)).toBe('entered');
  });
});

describe('what is kept', () => {
  it('names neither accounts nor addresses', async () => {
    await fail('hunter2', 1, HOME);
    const rows = await test.database.query<{ key: string }>('select key from sign_in_throttle');
    expect(JSON.stringify(rows)).not.toMatch(/hunter2|192\.0\.2/);
  });

  it('is dropped when it is old; familiar addresses later', async () => {
    clock.advance(86_400_000);
    await succeed(somebody(), HOME);
    await fail(somebody(), 3);
    const later = new Date(clock.now() + 1);
    await deleteThrottlesBefore(test.database, { familiar: new Date(clock.now()), others: later });
    const rows = await test.database.query<{ familiar: boolean }>(
      'select is_familiar as familiar from sign_in_throttle where changed_at >= $1',
      [new Date(clock.now())],
    );
    expect(rows.map(({ familiar }) => familiar)).toEqual([true]);
  });
});

it('the longest delay is a minute, whatever is counted', () => {
  expect(delayAfter(1_000_000, 10)).toBe(LONGEST_DELAY_MS);
  expect(delayAfter(9, 10)).toBe(0);
});
