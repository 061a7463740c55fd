/** What holds for every order in which two nodes are asked and exchange, over several minutes. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as build from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { testRates } from '../../test/rates.ts';
import { exchangeRates } from '../store/rate-count.ts';

const LIMIT = 20;
const MINUTE_MS = 60_000;
const START = 29_000_000 * MINUTE_MS;
/** Requests to one node between two of its exchanges. */
const MOST_BETWEEN = 4;
/** What each of two nodes keeps to itself, and what the other gets before it hears of that: an exchange each. */
const BOUND = LIMIT / 10 + 2 * MOST_BETWEEN;

let own: TestDatabase;
beforeAll(async () => {
  own = await testDatabase();
});
afterAll(() => own.drop());

/** The time between two exchanges: who is asked, in which order, and who exchanges first when it is over. */
const round = fc.record({
  asked: fc.array(fc.constantFrom(0, 1), { maxLength: MOST_BETWEEN }),
  first: fc.constantFrom(0, 1),
  pauseMs: fc.oneof({ weight: 6, arbitrary: fc.constant(250) }, fc.integer({ min: 0, max: 40_000 })),
});

type Round = typeof round extends fc.Arbitrary<infer Value> ? Value : never;

let runs = 0;

async function play(rounds: readonly Round[]) {
  const clock = build.testClock(START);
  const subject = `run ${++runs}`;
  const nodes = [0, 1].map(() =>
    testRates({
      clock: clock.now,
      limits: { address: LIMIT },
      exchange: (shares) => exchangeRates(own.database, shares),
      onError: (error) => {
        throw error;
      },
    }),
  );
  const taken: number[] = [];
  const refused: { at: number; before: number[] }[] = [];
  for (const { asked, first, pauseMs } of rounds) {
    for (const node of asked) {
      const at = clock.now();
      if (nodes[node]?.take('address', subject) === 0) taken.push(at);
      else refused.push({ at, before: [...taken] });
    }
    for (const node of [first, 1 - first]) await nodes[node]?.exchange();
    clock.advance(pauseMs);
  }
  for (const node of nodes) await node.stop();
  return { taken, refused };
}

const inMinute = (times: readonly number[], minute: number) =>
  times.filter((at) => Math.floor(at / MINUTE_MS) === minute).length;

/** What counts at that moment: this minute, and of the one before as much as still lies within 60 s. */
function used(times: readonly number[], at: number): number {
  const minute = Math.floor(at / MINUTE_MS);
  const left = 1 - (at - minute * MINUTE_MS) / MINUTE_MS;
  return inMinute(times, minute) + inMinute(times, minute - 1) * left;
}

it('nobody below the limit is refused, and nobody gets more than the limit and the bound', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 10, maxLength: 60 }), async (rounds) => {
      const { taken, refused } = await play(rounds);
      for (const { at, before } of refused) expect(used(before, at)).toBeGreaterThanOrEqual(LIMIT);
      for (const begin of taken) {
        expect(inMinute(taken, Math.floor(begin / MINUTE_MS))).toBeLessThanOrEqual(LIMIT + BOUND);
        // Across two minutes: what came at the very end of the first counts less and less in the second.
        const within = taken.filter((at) => at >= begin && at < begin + MINUTE_MS).length;
        expect(within).toBeLessThanOrEqual(2 * LIMIT + BOUND);
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

it('one node alone lets through exactly what is below the limit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 10, maxLength: 60 }), async (rounds) => {
      const { taken, refused } = await play(rounds.map((one) => ({ ...one, asked: one.asked.map(() => 0) })));
      for (const [index, at] of taken.entries()) expect(used(taken.slice(0, index), at)).toBeLessThan(LIMIT);
      for (const { at, before } of refused) expect(used(before, at)).toBeGreaterThanOrEqual(LIMIT);
    }),
    { numRuns: 30 },
  );
}, 60_000);
