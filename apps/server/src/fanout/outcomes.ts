/** Collects what the providers answered and says what to write: log rows, retries, dead addresses. */
import type { Notification, Outcome } from '@tocsin/push';
import type { NewRetry } from '../queue/retry.ts';
import { EVENTS } from '../receipts/states.ts';
import { type DeliveryEventRows, emptyEventRows } from '../store/delivery-event.ts';
import { expiresAt, retryAt } from './schedule.ts';

export interface Ledger {
  readonly rows: DeliveryEventRows;
  readonly retries: NewRetry[];
  /** Retried deliveries that are settled now. */
  readonly settled: number[];
  readonly gone: { deviceId: number; reason: string; since: number | null }[];
  record(deviceId: number, userId: number, attempt: number, outcome: Outcome, providerId?: string): void;
}

export function createLedger(notification: Notification, now: number, random: () => number): Ledger {
  const ledger: Ledger = { rows: emptyEventRows(), retries: [], settled: [], gone: [], record };

  function log(
    deviceId: number,
    userId: number,
    event: number,
    reason: string | null,
    providerId: string | null,
  ) {
    ledger.rows.notificationIds.push(notification.id);
    ledger.rows.deviceIds.push(deviceId);
    ledger.rows.userIds.push(userId);
    ledger.rows.events.push(event);
    ledger.rows.reasons.push(reason);
    ledger.rows.providerIds.push(providerId);
  }

  function record(
    deviceId: number,
    userId: number,
    attempt: number,
    outcome: Outcome,
    providerId?: string,
  ): void {
    if (outcome.kind === 'retry') {
      const dueAt = retryAt(outcome, attempt, now, random);
      if (dueAt <= expiresAt(notification)) {
        log(deviceId, userId, EVENTS.retry, outcome.reason, providerId ?? null);
        // Waiting for a parked provider is not an attempt of this delivery.
        const attempts = outcome.scope === 'provider' ? attempt : attempt + 1;
        ledger.retries.push({ deviceId, dueAt, attempt: attempts, reason: outcome.reason });
        return;
      }
      log(deviceId, userId, EVENTS.expired, outcome.reason, providerId ?? null);
    } else {
      log(
        deviceId,
        userId,
        EVENTS[outcome.kind],
        outcome.kind === 'accepted' ? null : outcome.reason,
        providerId ?? null,
      );
      if (outcome.kind === 'gone')
        ledger.gone.push({ deviceId, reason: outcome.reason, since: outcome.since });
    }
    ledger.settled.push(deviceId);
  }
  return ledger;
}
