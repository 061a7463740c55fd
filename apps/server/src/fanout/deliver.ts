/** One chunk, or one group of due retries: read, send, and write everything that came of it in one transaction. */
import type { Notification } from '@tocsin/push';
import type { Clock } from '../lib/clock.ts';
import { type Chunk, completeChunk, splitChunk } from '../queue/chunk.ts';
import { type DueRetry, deleteRetries, putRetries } from '../queue/retry.ts';
import { EVENTS } from '../receipts/states.ts';
import type { Database, Queryable } from '../store/database.ts';
import { appendEvents, devicesInLog } from '../store/delivery-event.ts';
import { markDevicesGone } from '../store/gone-device.ts';
import { findNotification, priorityRank } from '../store/notification.ts';
import {
  deliverToInboxes,
  type Recipients,
  recipientsByDevice,
  recipientsInRange,
  recipientsOfUsers,
} from '../store/recipient.ts';
import { type DispatchDeps, dispatch } from './dispatch.ts';
import { createLedger, type Ledger } from './outcomes.ts';
import { expiresAt } from './schedule.ts';

export interface DeliverDeps extends DispatchDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly node: string;
  /** Called when a chunk wrote inbox rows, so that live listeners look. */
  readonly onInbox: () => void;
  readonly onOutcomes: (accepted: number, others: number) => void;
}

const NOBODY: ReadonlySet<number> = new Set();

export async function deliverChunk(deps: DeliverDeps, chunk: Chunk): Promise<void> {
  if (chunk.audience === 'split') return splitChunk(deps.database, chunk);
  const notification = await findNotification(
    deps.database,
    chunk.notificationId,
    chunk.notificationCreatedAt,
  );
  if (!notification) return completeChunk(deps.database, chunk.id);
  const recipients = await recipientsOf(deps, chunk);
  const skip =
    chunk.attempts > 1
      ? await devicesInLog(deps.database, chunk.notificationId, chunk.notificationCreatedAt)
      : NOBODY;
  const ledger = await send(deps, notification, recipients, skip, () => 0);
  await write(deps, notification, ledger, (connection) => completeChunk(connection, chunk.id));
}

async function recipientsOf(deps: DeliverDeps, chunk: Chunk): Promise<Recipients> {
  const now = deps.clock();
  if (chunk.audience === 'users') return recipientsOfUsers(deps.database, now, chunk.members);
  if (chunk.audience === 'devices') return recipientsByDevice(deps.database, now, chunk.members);
  const notification = { id: chunk.notificationId, createdAt: chunk.notificationCreatedAt };
  await deliverToInboxes(deps.database, notification, chunk.fromUser, chunk.toUser);
  deps.onInbox();
  return recipientsInRange(deps.database, now, chunk.notificationId, chunk.fromUser, chunk.toUser);
}

/** `due` are leased retries of one notification. */
export async function deliverRetries(deps: DeliverDeps, due: readonly DueRetry[]): Promise<void> {
  const first = due[0];
  if (!first) return;
  const deviceIds = due.map((retry) => retry.deviceId);
  const notification = await findNotification(
    deps.database,
    first.notificationId,
    first.notificationCreatedAt,
  );
  if (!notification) return deleteRetries(deps.database, first.notificationId, deviceIds);
  const attempts = new Map(due.map((retry) => [retry.deviceId, retry.attempt]));
  const recipients = await recipientsByDevice(deps.database, deps.clock(), deviceIds);
  const ledger =
    deps.clock() > expiresAt(notification)
      ? expire(deps, notification, recipients)
      : await send(deps, notification, recipients, NOBODY, (deviceId) => attempts.get(deviceId) ?? 0);
  // A device that vanished meanwhile (user left, address gone) has nothing left to retry.
  const waiting = new Set(ledger.retries.map((retry) => retry.deviceId));
  const settled = deviceIds.filter((deviceId) => !waiting.has(deviceId));
  await write(deps, notification, ledger, (connection) =>
    deleteRetries(connection, notification.id, settled),
  );
}

function expire(deps: DeliverDeps, notification: Notification, recipients: Recipients): Ledger {
  const ledger = createLedger(notification, deps.clock(), deps.random);
  recipients.deviceIds.forEach((deviceId, index) => {
    ledger.rows.notificationIds.push(notification.id);
    ledger.rows.deviceIds.push(deviceId);
    ledger.rows.userIds.push(recipients.userIds[index] ?? 0);
    ledger.rows.events.push(EVENTS.expired);
    ledger.rows.reasons.push('ttl');
    ledger.rows.providerIds.push(null);
  });
  return ledger;
}

async function send(
  deps: DeliverDeps,
  notification: Notification,
  recipients: Recipients,
  skip: ReadonlySet<number>,
  attemptOf: (deviceId: number) => number,
): Promise<Ledger> {
  const ledger = createLedger(notification, deps.clock(), deps.random);
  let accepted = 0;
  await dispatch(deps, notification, recipients, skip, (index, outcome, providerId) => {
    const deviceId = recipients.deviceIds[index] ?? 0;
    if (outcome.kind === 'accepted') accepted++;
    ledger.record(deviceId, recipients.userIds[index] ?? 0, attemptOf(deviceId), outcome, providerId);
  });
  deps.onOutcomes(accepted, ledger.rows.deviceIds.length - accepted);
  return ledger;
}

async function write(
  deps: DeliverDeps,
  notification: Notification,
  ledger: Ledger,
  finish: (connection: Queryable) => Promise<void>,
): Promise<void> {
  const at = new Date(deps.clock());
  const queued = {
    id: notification.id,
    createdAt: new Date(notification.timestamp),
    priority: priorityRank(notification.priority),
  };
  await deps.database.transaction(async (connection) => {
    await appendEvents(connection, deps.node, at, ledger.rows);
    await putRetries(connection, queued, ledger.retries);
    await markDevicesGone(connection, ledger.gone, at);
    await finish(connection);
  });
}
