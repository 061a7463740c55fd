import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as build from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { testRates } from '../../test/rates.ts';
import { exchangeRates } from '../store/rate-count.ts';
import type { Rates } from './rates.ts';

const LIMIT = 20;
const MINUTE_MS = 60_000;
/** The beginning of a minute. */
const START = 29_000_000 * MINUTE_MS;

let own: TestDatabase;
beforeAll(async () => {
  own = await testDatabase();
});
afterAll(() => own.drop());

/** How many of `count` requests go on. */
function taken(rates: Rates, id: string, count: number): number {
  return Array.from({ length: count }, () => rates.take('address', id)).filter((wait) => wait === 0).length;
}

describe('the rate of one node', () => {
  const alone = (clock = build.testClock(START)) => ({
    clock,
    rates: testRates({ clock: clock.now, limits: { address: LIMIT } }),
  });

  it('lets the limit through, each subject for itself', () => {
    const { rates } = alone();
    expect(taken(rates, 'a', 50)).toBe(LIMIT);
    expect(taken(rates, 'b', 50)).toBe(LIMIT);
    expect(Array.from({ length: 50 }, () => rates.take('user', '1'))).toEqual(Array(50).fill(0));
  });

  it('says after how long the next may come, and keeps its word', () => {
    const { rates, clock } = alone();
    taken(rates, 'a', LIMIT);
    clock.advance(30_000);
    const wait = rates.take('address', 'a');
    expect(wait).toBeGreaterThan(29);
    clock.advance((wait - 4) * 1_000);
    expect(rates.take('address', 'a')).toBeGreaterThan(0);
    clock.advance(4_000);
    expect(rates.take('address', 'a')).toBe(0);
  });

  it('slides: what lies within the last 60 s counts', () => {
    const { rates, clock } = alone();
    clock.advance(59_000);
    expect(taken(rates, 'a', 50)).toBe(LIMIT);
    clock.advance(2_000);
    expect(taken(rates, 'a', 50)).toBeLessThanOrEqual(1);
    clock.advance(29_000);
    expect(taken(rates, 'a', 50)).toBeGreaterThanOrEqual(LIMIT / 2 - 1);
    clock.advance(2 * MINUTE_MS);
    expect(taken(rates, 'a', 50)).toBe(LIMIT);
  });

  it('keeps nobody out after the clock was set back', () => {
    for (const ms of [1_000, MINUTE_MS, 3_600_000, 365 * 86_400_000]) {
      const { rates, clock } = alone();
      clock.advance(1_500);
      taken(rates, 'a', 50);
      clock.advance(-ms);
      const wait = rates.take('address', 'a');
      clock.advance(wait * 1_000);
      expect(wait, String(ms)).toBeLessThanOrEqual(60);
      expect(rates.take('address', 'a'), String(ms)).toBe(0);
    }
  });

  it('does not grow under a flood of subjects, and still limits who comes again and again', () => {
    const rates = testRates({ clock: () => START, limits: { address: LIMIT }, mostSubjects: 100 });
    let through = 0;
    for (let n = 0; n < 10_000; n++) {
      rates.take('address', `stranger ${n}`);
      if (n % 10 === 0) through += taken(rates, 'a', 1);
    }
    expect(rates.size).toBeLessThanOrEqual(100);
    expect(through).toBe(LIMIT);
  });
});

it('a flood of 300,000 addresses leaves no more than 100,000 in mind, and the one that comes all the time is limited', () => {
  const rates = testRates({ clock: () => START, limits: { address: LIMIT } });
  let through = 0;
  for (let n = 0; n < 300_000; n++) {
    rates.take('address', `stranger ${n}`);
    if (n % 1_000 === 0) through += taken(rates, 'a', 1);
  }
  expect(rates.size).toBeLessThanOrEqual(100_000);
  expect(through).toBe(LIMIT);
});

describe('the rate of two nodes on one database', () => {
  function nodes(clock = build.testClock(START)) {
    const node = () =>
      testRates({
        clock: clock.now,
        limits: { address: LIMIT },
        exchange: (shares) => exchangeRates(own.database, shares),
      });
    return { clock, here: node(), there: node() };
  }

  it('holds for both together, but for what comes between two exchanges', async () => {
    const { here, there, clock } = nodes();
    expect(taken(here, 'both', 12)).toBe(12);
    await here.exchange();
    // Until it has asked, the other node knows nothing of that; here 4 requests come in between.
    expect(taken(there, 'both', 4)).toBe(4);
    await there.exchange();
    expect(taken(there, 'both', 50)).toBe(LIMIT - 12 - 4);
    await there.exchange();
    expect(taken(here, 'both', 50)).toBe(LIMIT - 12);
    await here.exchange();
    for (const node of [here, there]) expect(taken(node, 'both', 50)).toBe(0);
    clock.advance(3 * MINUTE_MS);
    for (const node of [here, there]) expect(taken(node, 'both', 1)).toBe(1);
  });

  it('takes no more than the limit when they exchange in time', async () => {
    const { here, there } = nodes();
    let through = 0;
    for (let turn = 0; turn < 50; turn++) {
      for (const node of [here, there]) {
        through += taken(node, 'in turn', 1);
        await node.exchange();
      }
    }
    expect(through).toBeGreaterThanOrEqual(LIMIT);
    // What each keeps to itself: a tenth of the limit.
    expect(through).toBeLessThanOrEqual(LIMIT + LIMIT / 10);
  });

  it('still holds in the next minute, and what was late is told', async () => {
    const { here, there, clock } = nodes();
    clock.advance(59_900);
    expect(taken(here, 'late', 50)).toBe(LIMIT);
    clock.advance(200);
    taken(here, 'late', 1);
    taken(there, 'late', 3);
    await here.exchange();
    await there.exchange();
    expect(taken(there, 'late', 50)).toBe(0);
  });

  it('does not forget for long when the clock is set back into the minute before', async () => {
    const { here, clock } = nodes();
    clock.advance(MINUTE_MS);
    expect(taken(here, 'set back', 50)).toBe(LIMIT);
    await here.exchange();
    clock.advance(-100);
    taken(here, 'set back', 3);
    clock.advance(100);
    // Started anew, until the others' counts are heard, among which its own are.
    expect(taken(here, 'set back', 3)).toBe(3);
    await here.exchange();
    expect(taken(here, 'set back', 50)).toBe(0);
  });

  it('takes a subject that is twice in one exchange, forgotten in a flood and back again', async () => {
    const errors: Error[] = [];
    const rates = testRates({
      clock: () => START,
      limits: { address: LIMIT },
      mostSubjects: 4,
      exchange: (shares) => exchangeRates(own.database, shares),
      onError: (error) => errors.push(error),
    });
    taken(rates, 'twice', 5);
    for (let n = 0; n < 10; n++) rates.take('address', `flood ${n}`);
    taken(rates, 'twice', 4);
    await rates.exchange();
    expect(errors).toEqual([]);
    expect(taken(rates, 'twice', 50)).toBe(LIMIT - 9);
  });

  it('asks the database nothing for those who come seldom', async () => {
    let asked = 0;
    const exchange = async () => {
      asked++;
      return [];
    };
    const rates = testRates({ clock: () => START, limits: { address: 100 }, exchange });
    for (let n = 0; n < 1_000; n++) rates.take('address', `stranger ${n}`);
    await rates.exchange();
    expect(asked).toBe(0);
  });

  it('is counted by each alone while the database is away, and told later', async () => {
    const clock = build.testClock(START);
    const errors: string[] = [];
    let isAway = true;
    const rates = testRates({
      clock: clock.now,
      limits: { address: LIMIT },
      exchange: async (shares) => {
        if (isAway) throw new Error('away');
        return exchangeRates(own.database, shares);
      },
      onError: ({ message }) => errors.push(message),
    });
    expect(taken(rates, 'alone', 10)).toBe(10);
    await rates.exchange();
    expect(taken(rates, 'alone', 50)).toBe(10);
    await rates.exchange();
    expect(errors).toEqual(['away']);
    isAway = false;
    expect(taken(rates, 'alone', 50)).toBe(0);
    await rates.exchange();
    const rows = await own.database.query(`select count from rate_count where subject = 'address alone'`);
    expect(rows).toEqual([{ count: LIMIT }]);
  });
});
