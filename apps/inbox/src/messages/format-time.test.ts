import { expect, test } from 'vitest';
import { en } from '../texts/en.ts';
import { formatTime } from './format-time.ts';

const NOW = new Date(2026, 5, 17, 15, 0, 0).getTime();
const format = (...date: [number, number, number, number, number]) =>
  formatTime(new Date(...date).getTime(), NOW, 'en-GB', en.messages);

test('the age is told as short as it can be', () => {
  expect(format(2026, 5, 17, 15, 0)).toBe('now');
  expect(format(2026, 5, 17, 14, 17)).toBe('43 min');
  expect(format(2026, 5, 17, 9, 5)).toBe('09:05');
  expect(format(2026, 5, 16, 23, 0)).toBe('Tue');
  expect(format(2026, 5, 1, 9, 5)).toBe('1 Jun');
  expect(format(2025, 5, 1, 9, 5)).toBe('1 Jun 2025');
});

test('a server whose clock is ahead does not send messages from the future', () => {
  expect(format(2026, 5, 17, 15, 2)).toBe('now');
});
