import { expect, test } from 'vitest';
import { remaining } from './remaining.ts';

const UNTIL = '2026-01-01T00:05:00.000Z';

test.each([
  [0, '5:00'],
  [1, '5:00'],
  [1_000, '4:59'],
  [295_500, '0:05'],
  [299_999, '0:01'],
  [300_000, null],
  [400_000, null],
])('%i ms on', (ms, left) => {
  expect(remaining(UNTIL, Date.parse('2026-01-01T00:00:00.000Z') + ms)).toBe(left);
});
