/** One chunk, or one group of due retries: read, send, and write what came of it. */
import type { Notification } from '@tocsin/push';
import { type Chunk, completeChunk, splitChunk } from '../queue/chunk.ts';
import { type DueRetry, deleteRetries } from '../queue/retry.ts';
import { devicesInLog } from '../store/delivery-event.ts';
import { findNotification } from '../store/notification.ts';
import {
  type RecipientGroup,
  recipientsByDevice,
  recipientsInRange,
  recipientsOfUsers,
  type SubscriberRange,
} from '../store/recipient.ts';
import { type DispatchDeps, dispatch, without } from './dispatch.ts';
import { type JournalDeps, keepJournal } from './journal.ts';
import type { Ledger } from './outcomes.ts';
import { expiresAt } from './schedule.ts';

export interface DeliverDeps extends DispatchDeps, JournalDeps {
  /** Called when a chunk wrote inbox rows, so that live listeners look. */
  readonly onInbox: () => void;
  readonly onOutcomes: (accepted: number, others: number) => void;
}

export async function deliverChunk(deps: DeliverDeps, chunk: Chunk): Promise<void> {
  if (chunk.audience === 'split') return splitChunk(deps.database, chunk);
  const notification = await findNotification(
    deps.database,
    chunk.notificationId,
    chunk.notificationCreatedAt,
  );
  if (!notification) return completeChunk(deps.database, chunk.id);
  const groups = await recipientsOf(deps, chunk, notification);
  const left = chunk.attempts > 1 ? await withoutLogged(deps, chunk, groups) : groups;
  await keepJournal(deps, notification, {
    send: (ledger) => send(deps, notification, left, ledger, () => 0),
    areRetries: false,
    finish: (connection) => completeChunk(connection, chunk.id),
  });
}

async function recipientsOf(
  deps: DeliverDeps,
  chunk: Chunk,
  { serviceId }: Notification,
): Promise<RecipientGroup[]> {
  const { database, clock } = deps;
  if (chunk.audience === 'users') return recipientsOfUsers(database, clock(), chunk.members);
  if (chunk.audience === 'devices') return recipientsByDevice(database, clock(), chunk.members);
  if (serviceId === null) return [];
  const range: SubscriberRange = {
    notification: { id: chunk.notificationId, createdAt: chunk.notificationCreatedAt },
    serviceId,
    fromUser: chunk.fromUser,
    toUser: chunk.toUser,
  };
  const groups = await recipientsInRange(database, clock(), range, chunk.attempts === 1);
  deps.onInbox();
  return groups;
}

/** A chunk that is leased again after a crash goes on where the log ends. */
async function withoutLogged(
  { database }: DeliverDeps,
  { notificationId, notificationCreatedAt }: Chunk,
  groups: readonly RecipientGroup[],
): Promise<RecipientGroup[]> {
  const deviceIds = groups.flatMap((group) => group.deviceIds);
  return without(groups, await devicesInLog(database, notificationId, notificationCreatedAt, deviceIds));
}

/** `due` are leased retries of one notification. */
export async function deliverRetries(deps: DeliverDeps, due: readonly DueRetry[]): Promise<void> {
  const first = due[0];
  if (!first) return;
  const { notificationId, notificationCreatedAt } = first;
  const deviceIds = due.map((retry) => retry.deviceId);
  const notification = await findNotification(deps.database, notificationId, notificationCreatedAt);
  if (!notification) return deleteRetries(deps.database, notificationId, deviceIds);
  const attempts = new Map(due.map((retry) => [retry.deviceId, retry.attempt]));
  const groups = await recipientsByDevice(deps.database, deps.clock(), deviceIds);
  const reached = new Set(groups.flatMap((group) => group.deviceIds));
  const isLate = deps.clock() > expiresAt(notification);
  await keepJournal(deps, notification, {
    send: async (ledger) => {
      if (isLate) expireAll(groups, ledger);
      else await send(deps, notification, groups, ledger, (deviceId) => attempts.get(deviceId) ?? 0);
    },
    areRetries: true,
    // A device that vanished meanwhile (user left, address gone) has nothing left to retry.
    finish: (connection) =>
      deleteRetries(
        connection,
        notificationId,
        deviceIds.filter((deviceId) => !reached.has(deviceId)),
      ),
  });
}

function expireAll(groups: readonly RecipientGroup[], ledger: Ledger): void {
  for (const { deviceIds, userIds } of groups) {
    for (const [index, deviceId] of deviceIds.entries()) ledger.expire(deviceId, userIds[index] ?? 0);
  }
}

async function send(
  deps: DeliverDeps,
  notification: Notification,
  groups: readonly RecipientGroup[],
  ledger: Ledger,
  attemptOf: (deviceId: number) => number,
): Promise<void> {
  let accepted = 0;
  let others = 0;
  await dispatch(deps, notification, groups, (deviceId, userId, outcome, providerId) => {
    if (outcome.kind === 'accepted') accepted++;
    else others++;
    ledger.record(deviceId, userId, attemptOf(deviceId), outcome, providerId);
  });
  deps.onOutcomes(accepted, others);
}
