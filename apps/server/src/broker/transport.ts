/**
 * MQTT devices on the embedded broker. Sending is storing: the broker hands the rows of the outbox to whoever is
 * connected now and to the others when they come back. `accepted` means that the message can no longer get lost.
 */
import {
  ACCEPTED,
  type Batch,
  buildJsonPayload,
  checkMqttAddress,
  gone,
  type OnOutcome,
  retry,
  type SplicedPayload,
  type Transport,
} from '@tocsin/push';
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../store/database.ts';
import { storeOutbox } from '../store/mqtt-outbox.ts';

export interface OutboxTransportDeps {
  readonly database: Queryable;
  readonly clock: Clock;
  /** Called after the commit: there is something in the outbox of these devices. */
  readonly deliver: (deviceIds: readonly number[]) => void;
  readonly onError: (error: Error, what: string) => void;
}

/** Half of the largest packet, so that a payload always fits into one. */
const MOST_PAYLOAD_BYTES = 128 * 1_024;
/** Badge (10 digits) and receipt token (at most 52 characters). */
const SPLICED_BYTES = 64;
/** What is wanted now or never must still get as far as those who are connected. */
const NOW_OR_NEVER_MS = 5_000;

export function createOutboxTransport(deps: OutboxTransportDeps): Transport {
  return {
    kind: 'mqtt',
    checkAddress: ({ address }) => checkMqttAddress(address),
    open: () => Promise.resolve(),
    close: () => Promise.resolve(),
    async send(batch, onOutcome) {
      let known: Set<number>;
      try {
        known = await store(deps, batch);
      } catch (error) {
        deps.onError(error as Error, 'storing MQTT messages');
        answerAll(batch, onOutcome);
        return;
      }
      for (const [index, deviceId] of batch.deviceIds.entries()) {
        onOutcome(index, known.has(deviceId) ? ACCEPTED : gone('the device was removed'));
      }
      deps.deliver(batch.deviceIds);
    },
  };
}

function store(deps: OutboxTransportDeps, batch: Batch): Promise<Set<number>> {
  const { notification } = batch;
  const expiresAt = notification.timestamp + notification.ttlSeconds * 1_000;
  const payload = buildJsonPayload(notification, MOST_PAYLOAD_BYTES);
  return storeOutbox(deps.database, {
    notificationId: notification.id,
    notificationCreatedAt: new Date(notification.timestamp),
    expiresAt: new Date(Math.max(expiresAt, deps.clock() + NOW_OR_NEVER_MS)),
    deviceIds: batch.deviceIds,
    payloads: batch.deviceIds.map((_, index) => splice(payload, batch, index)),
  });
}

function splice(payload: SplicedPayload, batch: Batch, index: number): Buffer {
  const target = Buffer.allocUnsafe(payload.fixedBytes + SPLICED_BYTES);
  const badge = String(Math.max(0, batch.badges[index] ?? 0));
  return target.subarray(0, payload.write([badge, batch.receiptTokens[index] ?? ''], target, 0));
}

/** The database is at fault, not the devices. */
function answerAll(batch: Batch, onOutcome: OnOutcome): void {
  const away = retry('the outbox cannot be written', null, 'provider');
  for (const index of batch.deviceIds.keys()) onOutcome(index, away);
}
