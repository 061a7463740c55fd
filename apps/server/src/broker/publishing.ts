/** A message to a service becomes a notification. Resolves when it is durable: only then the PUBACK may leave. */
import { createHash } from 'node:crypto';
import type { Acceptance, Draft, Ingest } from '../ingest/draft.ts';
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../store/database.ts';
import { releaseKeys } from '../store/idempotency.ts';
import type { Connection, MessageKey } from './connection.ts';
import type { Log } from './log.ts';
import { parseMessage } from './message.ts';

export interface InboundMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
  readonly dup: boolean;
  /** Absent at QoS 0 and in a last will. */
  readonly messageId: number | undefined;
}

/** The message will never be taken. 3.1.1 has no negative PUBACK: the connection is closed instead. */
export class Refusal extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Refusal';
  }
}

export interface PublishingDeps {
  readonly database: Queryable;
  readonly ingest: Ingest;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A client that lost a PUBACK sends the message again when it is back. It should mark it DUP ([MQTT-3.3.1-1]), but
 * mqtt.js does not: for this long an unmarked one with the same packet identifier and payload is a repeat too.
 */
const UNMARKED_REPEAT_MS = 120_000;
/** Packet identifiers remembered per connection, to forget their keys when the client takes its leave. */
const MOST_REMEMBERED = 1_000;

/** Throws `Refusal` for what can never be taken; rejects otherwise when durability cannot be promised. */
export async function publishToService(
  deps: PublishingDeps,
  connection: Connection,
  serviceId: string,
  message: InboundMessage,
): Promise<void> {
  const { clientId } = connection;
  if (message.retain) {
    // State that is replayed to whoever comes later must never ring again as if it were new.
    deps.log.info({ clientId, topic: message.topic }, 'retained MQTT message ignored');
    return;
  }
  const parsed = parseMessage(message.payload, serviceId, `mqtt:${clientId}`);
  if (parsed.kind === 'fault') throw new Refusal(parsed.reason);
  const acceptance = await acceptOnce(deps, connection, parsed.draft, message);
  if (acceptance.kind === 'unknown-service') throw new Refusal(`there is no service ${serviceId}`);
  if (acceptance.kind === 'idempotency-conflict') throw new Refusal('the packet identifier is taken');
}

async function acceptOnce(
  deps: PublishingDeps,
  connection: Connection,
  draft: Omit<Draft, 'idempotency'>,
  message: InboundMessage,
): Promise<Acceptance> {
  const { messageId } = message;
  if (messageId === undefined) return deps.ingest.accept({ ...draft, idempotency: null });
  const idempotency = keyOf(connection, message, messageId);
  // The client used the packet identifier again: it has the PUBACK of the message before (§2.3.1).
  const isConcluded = !message.dup && connection.answered.get(messageId)?.key === idempotency.key;
  if (isConcluded) await releaseKeys(deps.database, [idempotency]);
  let acceptance = await deps.ingest.accept({ ...draft, idempotency });
  if (isStale(acceptance, message, deps.clock())) {
    await releaseKeys(deps.database, [idempotency]);
    acceptance = await deps.ingest.accept({ ...draft, idempotency });
  }
  remember(connection, messageId, idempotency);
  return acceptance;
}

function isStale(acceptance: Acceptance, message: InboundMessage, now: number): boolean {
  if (acceptance.kind !== 'accepted' || !acceptance.replayed || message.dup) return false;
  return now - acceptance.createdAt.getTime() > UNMARKED_REPEAT_MS;
}

function keyOf(connection: Connection, message: InboundMessage, messageId: number) {
  const hash = createHash('sha256').update(`${message.topic}\n`).update(message.payload).digest();
  return { scope: `mqtt:${connection.clientId}`, key: `${messageId}:${hash.toString('base64url')}`, hash };
}

function remember(connection: Connection, messageId: number, key: MessageKey): void {
  const { answered } = connection;
  answered.delete(messageId);
  answered.set(messageId, key);
  const oldest = answered.keys().next().value;
  if (answered.size > MOST_REMEMBERED && oldest !== undefined) answered.delete(oldest);
}

/** The client took its leave in good order: it has every PUBACK, and will number from the start when it is back. */
export async function forgetAnswered(database: Queryable, connection: Connection): Promise<void> {
  const keys = [...connection.answered.values()];
  connection.answered.clear();
  if (keys.length > 0) await releaseKeys(database, keys);
}
