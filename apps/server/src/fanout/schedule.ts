import type { Notification, Outcome } from '@tocsin/push';

const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 15 * 60_000;
/** Spread over half the delay, so that an outage does not end in one wave. */
const JITTER = 0.5;

/** When a delivery is tried again: exponential with jitter, never before the provider's own Retry-After. ms epoch. */
export function retryAt(
  outcome: Extract<Outcome, { kind: 'retry' }>,
  attempt: number,
  now: number,
  random: () => number,
): number {
  const backOff = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 20));
  const floor = outcome.afterMs ?? (outcome.scope === 'provider' ? 1_000 : backOff);
  return Math.ceil(now + floor + Math.min(floor, backOff) * JITTER * random());
}

/** After this moment nobody wants it any more. ms epoch. */
export function expiresAt(notification: Notification): number {
  return notification.timestamp + notification.ttlSeconds * 1_000;
}
