/**
 * What aedes would keep in memory, kept nowhere: no routing between clients, no retained messages, no sessions, no
 * offline queues. Devices are served from the outbox in the database, publishers are answered by ingest. A device's
 * session is its outbox, on whichever node it comes back; CONNACK therefore never says that a session is present
 * (MQTT 3.1.1 §3.2.2.2) and clients subscribe again.
 * The shapes are those of aedes 1.2 (mqemitter and aedes-persistence).
 */
import { Readable } from 'node:stream';
import type { Client } from 'aedes';

type Done = () => void;

/** Takes every message and gives it to nobody. */
export function createSilentEmitter() {
  const finish = (done?: Done) => {
    if (done) setImmediate(done);
  };
  return {
    on: (_topic: string, _listener: unknown, done?: Done) => finish(done),
    removeListener: (_topic: string, _listener: unknown, done?: Done) => finish(done),
    emit: (_packet: unknown, done?: Done) => finish(done),
    close: (done?: Done) => finish(done),
  };
}

interface Numbered {
  readonly messageId?: number | undefined;
}

export interface EmptyPersistenceHooks {
  /** A client confirmed the message with this packet identifier (PUBACK, or PUBCOMP). */
  readonly onAcknowledged: (client: Client, messageId: number) => void;
}

/**
 * The one thing it remembers, per connection, is which QoS 2 packet identifiers wait for their PUBREL. A repeat on a
 * later connection is recognised by its idempotency key instead.
 */
export function createEmptyPersistence(hooks: EmptyPersistenceHooks) {
  const incoming = new WeakMap<Client, Set<number>>();
  const nothing = async () => undefined;
  const nobody = async () => [];
  const empty = () => Readable.from([]);
  return {
    setup: nothing,
    storeRetained: nothing,
    createRetainedStreamCombi: empty,
    createRetainedStream: empty,
    addSubscriptions: nothing,
    removeSubscriptions: nothing,
    cleanSubscriptions: nothing,
    subscriptionsByClient: nobody,
    subscriptionsByTopic: nobody,
    outgoingEnqueue: nothing,
    outgoingEnqueueCombi: nothing,
    outgoingUpdate: nothing,
    outgoingStream: empty,
    async outgoingClearMessageId(client: Client, packet: Numbered) {
      if (packet.messageId !== undefined) hooks.onAcknowledged(client, packet.messageId);
    },
    async incomingStorePacket(client: Client, packet: Numbered) {
      const open = incoming.get(client) ?? new Set();
      incoming.set(client, open.add(packet.messageId ?? 0));
    },
    async incomingGetPacket(client: Client, packet: Numbered) {
      if (!incoming.get(client)?.has(packet.messageId ?? 0)) throw new Error('no such packet');
      return packet;
    },
    async incomingDelPacket(client: Client, packet: Numbered) {
      incoming.get(client)?.delete(packet.messageId ?? 0);
    },
    async cleanIncoming(client: Client) {
      incoming.delete(client);
    },
    putWill: nothing,
    getWill: nothing,
    delWill: nothing,
    streamWill: empty,
    getClientList: empty,
    destroy: nothing,
  };
}
