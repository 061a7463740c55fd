import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { settleWithin, TimedOut } from './settle-within.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = new Promise<string>(() => undefined);

test('an answer in time is the answer', async () => {
  await expect(settleWithin(Promise.resolve('yes'), 1_000, () => false)).resolves.toBe('yes');
  await expect(settleWithin(Promise.reject(new Error('no')), 1_000, () => false)).rejects.toThrow('no');
});

test('what never answers has timed out', async () => {
  const result = expect(settleWithin(never, 1_000, () => false)).rejects.toBeInstanceOf(TimedOut);
  await vi.advanceTimersByTimeAsync(1_000);
  await result;
});

test('somebody who thinks about a question is not hurried', async () => {
  let isThinking = true;
  let settled = false;
  const result = settleWithin(never, 1_000, () => isThinking).catch(() => {
    settled = true;
  });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(settled).toBe(false);
  isThinking = false;
  await vi.advanceTimersByTimeAsync(1_000);
  await result;
  expect(settled).toBe(true);
});
