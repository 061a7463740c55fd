/** Collects what the providers answered and says what to write: log rows, retries, dead addresses. */
import type { Notification, Outcome } from '@tocsin/push';
import type { Clock } from '../lib/clock.ts';
import type { NewRetry } from '../queue/retry.ts';
import { EVENTS } from '../receipts/states.ts';
import { type DeliveryEventRows, emptyEventRows } from '../store/delivery-event.ts';
import type { GoneDevice } from '../store/gone-device.ts';
import { expiresAt, retryAt } from './schedule.ts';

/** What is to be written together. */
export interface Answers {
  readonly rows: DeliveryEventRows;
  readonly retries: NewRetry[];
  /** Devices that need no further attempt. */
  readonly settled: number[];
  readonly gone: GoneDevice[];
}

export interface Ledger {
  /** `attempt` counts the attempts before this one. */
  record(deviceId: number, userId: number, attempt: number, outcome: Outcome, providerId?: string): void;
  /** The delivery's time ran out before it could be tried again. */
  expire(deviceId: number, userId: number): void;
  /** What was recorded since the last call. */
  take(): Answers;
  readonly isEmpty: boolean;
}

function noAnswers(): Answers {
  return { rows: emptyEventRows(), retries: [], settled: [], gone: [] };
}

export interface LedgerDeps {
  readonly clock: Clock;
  readonly random: () => number;
}

/** `areRetries`: the log already says of these deliveries that they wait. */
export function createLedger(
  { clock, random }: LedgerDeps,
  notification: Notification,
  areRetries: boolean,
): Ledger {
  let answers = noAnswers();

  const log = (
    deviceId: number,
    userId: number,
    event: number,
    reason: string | null,
    providerId?: string,
  ) => {
    const { rows } = answers;
    rows.notificationIds.push(notification.id);
    rows.deviceIds.push(deviceId);
    rows.userIds.push(userId);
    rows.events.push(event);
    rows.reasons.push(reason);
    rows.providerIds.push(providerId ?? null);
  };

  /** False when there is no time left for another attempt. */
  const scheduled = (
    deviceId: number,
    attempt: number,
    outcome: Extract<Outcome, { kind: 'retry' }>,
  ): boolean => {
    // From the answer on: a batch may have been under way for long.
    const dueAt = retryAt(outcome, attempt, clock(), random);
    if (dueAt > expiresAt(notification)) return false;
    // Waiting for a parked provider is not an attempt of this delivery.
    const attempts = outcome.scope === 'provider' ? attempt : attempt + 1;
    answers.retries.push({ deviceId, dueAt, attempt: attempts, reason: outcome.reason });
    return true;
  };

  return {
    record(deviceId, userId, attempt, outcome, providerId) {
      const reason = outcome.kind === 'accepted' ? null : outcome.reason;
      if (outcome.kind === 'retry' && scheduled(deviceId, attempt, outcome)) {
        // An outage of an hour must not write a row a minute for everybody who waits for its end.
        const waitsOn = areRetries && outcome.scope === 'provider';
        if (!waitsOn) log(deviceId, userId, EVENTS.retry, reason, providerId);
        return;
      }
      const event = outcome.kind === 'retry' ? EVENTS.expired : EVENTS[outcome.kind];
      log(deviceId, userId, event, reason, providerId);
      answers.settled.push(deviceId);
      if (outcome.kind === 'gone')
        answers.gone.push({ deviceId, reason: outcome.reason, since: outcome.since });
    },
    expire(deviceId, userId) {
      log(deviceId, userId, EVENTS.expired, 'ttl');
      answers.settled.push(deviceId);
    },
    take() {
      const taken = answers;
      answers = noAnswers();
      return taken;
    },
    get isEmpty() {
      return answers.rows.deviceIds.length === 0 && answers.retries.length === 0;
    },
  };
}
