/** Everything clients publish: first whether they may, then the room it belongs to. */
import { type AccessDeps, publishableTopic } from './access.ts';
import type { Connection } from './connection.ts';
import { inOrder } from './in-order.ts';
import type { Principal } from './principal.ts';
import { type InboundMessage, type PublishingDeps, publishToService, Refusal } from './publishing.ts';
import { type ReportingDeps, takeReceipt, takeStatus } from './reporting.ts';
import type { Topic } from './topics.ts';

export type InboundDeps = AccessDeps & PublishingDeps & ReportingDeps;

/** Resolves when the message may be acknowledged. Rejects when the connection must be closed instead. */
export function takeMessage(
  deps: InboundDeps,
  connection: Connection,
  message: InboundMessage,
): Promise<void> {
  return inOrder(
    connection,
    async () => {
      const { principal, address } = connection;
      const topic = principal && (await publishableTopic(deps, principal, address, message.topic));
      if (!topic) throw new Refusal('publishing to this topic is not allowed');
      return { topic, principal };
    },
    ({ topic, principal }) => take(deps, connection, principal, topic, message),
  );
}

async function take(
  deps: InboundDeps,
  connection: Connection,
  principal: Principal,
  topic: Topic,
  message: InboundMessage,
): Promise<void> {
  if (topic.kind === 'service-notifications')
    return publishToService(deps, connection, topic.serviceId, message);
  if (principal.kind !== 'device') throw new Refusal('only a device reports');
  if (topic.kind === 'device-receipts') return takeReceipt(deps, principal, message.payload);
  return takeStatus(deps, principal);
}
