/** Sends one notification to groups of recipients, each by its own transport, all at the same time. */
import { type Batch, type Notification, type Outcome, refused } from '@tocsin/push';
import type { ReceiptTokens } from '../receipts/token.ts';
import type { RecipientGroup } from '../store/recipient.ts';
import type { TransportRegistry } from '../transports/registry.ts';

export interface DispatchDeps {
  readonly registry: Pick<TransportRegistry, 'find'>;
  readonly tokens: Pick<ReceiptTokens, 'issueAll'>;
}

export type OnDelivery = (deviceId: number, userId: number, outcome: Outcome, providerId?: string) => void;

const NOT_SET_UP = refused('not-configured');

/** Calls `onDelivery` once per device. */
export async function dispatch(
  deps: DispatchDeps,
  notification: Notification,
  groups: readonly RecipientGroup[],
  onDelivery: OnDelivery,
): Promise<void> {
  await Promise.all(
    groups.map(async (group) => {
      const { deviceIds, userIds } = group;
      const onOutcome = (index: number, outcome: Outcome, providerId?: string) =>
        onDelivery(deviceIds[index] ?? 0, userIds[index] ?? 0, outcome, providerId);
      const transport = deps.registry.find(group.kind, group.environment);
      if (transport) await transport.send(toBatch(deps, notification, group), onOutcome);
      else for (let index = 0; index < deviceIds.length; index++) onOutcome(index, NOT_SET_UP);
    }),
  );
}

function toBatch(deps: DispatchDeps, notification: Notification, group: RecipientGroup): Batch {
  const { app, environment, addresses, credentials, deviceIds, userIds, badges } = group;
  const receiptTokens = deps.tokens.issueAll(notification.id, deviceIds, userIds);
  return { notification, app, environment, addresses, credentials, deviceIds, badges, receiptTokens };
}

/** The groups without the devices in `skip`; groups that are left empty are left out. */
export function without(groups: readonly RecipientGroup[], skip: ReadonlySet<number>): RecipientGroup[] {
  if (skip.size === 0) return [...groups];
  return groups.flatMap((group) => {
    const kept = group.deviceIds.flatMap((deviceId, index) => (skip.has(deviceId) ? [] : [index]));
    if (kept.length === 0) return [];
    const pick = <Value>(values: readonly Value[]) => kept.map((index) => values[index] as Value);
    return {
      ...group,
      deviceIds: pick(group.deviceIds),
      userIds: pick(group.userIds),
      addresses: pick(group.addresses),
      credentials: group.credentials.length > 0 ? pick(group.credentials) : [],
      badges: pick(group.badges),
    };
  });
}
