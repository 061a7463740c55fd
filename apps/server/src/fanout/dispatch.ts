/** Sends one notification to a set of recipients, each kind of device by its own transport, all at the same time. */
import { type Batch, type Notification, type OnOutcome, refused } from '@tocsin/push';
import type { ReceiptTokens } from '../receipts/token.ts';
import type { Recipients } from '../store/recipient.ts';
import type { TransportRegistry } from '../transports/registry.ts';

export interface DispatchDeps {
  readonly registry: Pick<TransportRegistry, 'find'>;
  readonly tokens: Pick<ReceiptTokens, 'issue'>;
}

const NOT_SET_UP = refused('not-configured');

/** Calls `onOutcome` once per recipient not in `skip`, with the recipient's index. */
export async function dispatch(
  deps: DispatchDeps,
  notification: Notification,
  recipients: Recipients,
  skip: ReadonlySet<number>,
  onOutcome: OnOutcome,
): Promise<void> {
  const groups = groupByTransport(recipients, skip);
  await Promise.all(
    [...groups.values()].map(async (members) => {
      const first = members[0] ?? 0;
      const kind = recipients.kinds[first];
      const transport = kind ? deps.registry.find(kind, recipients.environments[first] ?? '') : null;
      if (!transport) {
        for (const member of members) onOutcome(member, NOT_SET_UP);
        return;
      }
      const batch = toBatch(deps, notification, recipients, members);
      await transport.send(batch, (index, outcome, providerId) =>
        onOutcome(members[index] ?? -1, outcome, providerId),
      );
    }),
  );
}

function groupByTransport(recipients: Recipients, skip: ReadonlySet<number>): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (let index = 0; index < recipients.deviceIds.length; index++) {
    if (skip.has(recipients.deviceIds[index] ?? 0)) continue;
    const key = `${recipients.kinds[index]}/${recipients.environments[index]}/${recipients.apps[index]}`;
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  }
  return groups;
}

function toBatch(
  deps: DispatchDeps,
  notification: Notification,
  recipients: Recipients,
  members: number[],
): Batch {
  const count = members.length;
  const addresses = new Array<string>(count);
  const credentials = new Array<string>(count);
  const deviceIds = new Array<number>(count);
  const receiptTokens = new Array<string>(count);
  const badges = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const index = members[i] ?? 0;
    const deviceId = recipients.deviceIds[index] ?? 0;
    addresses[i] = recipients.addresses[index] ?? '';
    credentials[i] = recipients.credentials[index] ?? '';
    deviceIds[i] = deviceId;
    badges[i] = recipients.badges[index] ?? -1;
    receiptTokens[i] = deps.tokens.issue(notification.id, deviceId, recipients.userIds[index] ?? 0);
  }
  return {
    notification,
    app: recipients.apps[members[0] ?? 0] ?? '',
    addresses,
    credentials,
    deviceIds,
    badges,
    receiptTokens,
  };
}
