import { expect, test } from 'vitest';
import { en } from '../texts/en.ts';
import { when } from './when.ts';

const NOW = Date.parse('2026-05-06T12:00:00Z');
const MINUTE_MS = 60_000;

test.each([
  ['never', null, 'never'],
  ['just now', 10_000, 'now'],
  ['minutes ago', 5 * MINUTE_MS, '5 min ago'],
  ['days ago, as a weekday', 3 * 24 * 60 * MINUTE_MS, 'Sun'],
])('%s', (_name, age, said) => {
  const at = age === null ? null : new Date(NOW - age).toISOString();
  expect(when(at, NOW, 'en', en)).toBe(said);
});
