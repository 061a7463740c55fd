/**
 * From the outbox to the devices that listen: oldest first, a bounded number on the way, the next ones when those
 * are acknowledged. Nothing is kept for a device that is away; its rows wait in the database.
 */
import { setTimeout } from 'node:timers/promises';
import { deviceTopic } from '@tocsin/push';
import type { Client } from 'aedes';
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../store/database.ts';
import { acknowledge, type OutboxKey, type PendingMessage, pendingFor } from '../store/mqtt-outbox.ts';
import type { ListenableDevice } from './access.ts';
import { createDue, type Due } from './due.ts';
import { createInFlight } from './in-flight.ts';

export interface DeliveryDeps {
  readonly database: Queryable;
  readonly clock: Clock;
  readonly onError: (error: Error, what: string) => void;
}

/** One device that is being served. */
interface Session {
  readonly client: Client;
  readonly deviceId: number;
  readonly topic: string;
  /** Granted QoS: at 0 a message counts as acknowledged when it is written. */
  qos: number;
  /** Sent, and in the outbox when it was last read. */
  readonly held: Set<number>;
  /** Deleted from the outbox since it was last read. */
  settled: number[];
  unacknowledged: number;
  mayHaveMore: boolean;
}

/** Messages on the way to one device: what mosquitto allows by default. */
export const WINDOW = 20;
/** A full window and as many that are acknowledged but not deleted yet: behind those there is something new. */
const LOOK_AHEAD = 2 * WINDOW;
const SESSIONS_PER_LOOK = 100;
const PUBACKS_PER_STATEMENT = 1_000;
const STOP_PATIENCE_MS = 2_000;

export class Deliveries {
  readonly #deps: DeliveryDeps;
  readonly #sessions = new Map<number, Session>();
  readonly #due: Due<Session>;
  readonly #acknowledged: Due<OutboxKey>;
  readonly #inFlight = createInFlight();

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#due = createDue({
      mostAtOnce: SESSIONS_PER_LOOK,
      look: (sessions) => this.#deliver(sessions),
      onError: (error) => deps.onError(error, 'reading the MQTT outbox'),
    });
    this.#acknowledged = createDue({
      mostAtOnce: PUBACKS_PER_STATEMENT,
      look: (keys) => this.#settle(keys),
      onError: (error) => deps.onError(error, 'acknowledging MQTT messages'),
    });
  }

  /** Devices that are being served. */
  get listening(): number {
    return this.#sessions.size;
  }

  /** Serves the device on this connection from now on; any other connection that did is closed. */
  listen(client: Client, { deviceId, address }: ListenableDevice, qos: number): void {
    const before = this.#sessions.get(deviceId);
    if (before?.client === client) {
      before.qos = qos;
      this.#due.mark(before);
      return;
    }
    const topic = deviceTopic(address);
    const session = {
      client,
      deviceId,
      topic,
      qos,
      held: new Set<number>(),
      settled: [],
      unacknowledged: 0,
      mayHaveMore: false,
    };
    this.#sessions.set(deviceId, session);
    before?.client.close();
    // What an earlier connection acknowledged a moment ago must be gone before the outbox is read.
    void this.#acknowledged.idle().then(() => this.#due.mark(session));
  }

  /** Ends what the client listens for: these topics, or all. */
  forget(client: Client, topics?: readonly string[]): void {
    for (const { client: owner, topic, deviceId } of this.#sessions.values()) {
      if (owner === client && (!topics || topics.includes(topic))) this.#sessions.delete(deviceId);
    }
  }

  /** There may be something for these devices; without a list: for any. */
  wake(deviceIds: Iterable<number> = this.#sessions.keys()): void {
    for (const deviceId of deviceIds) {
      const session = this.#sessions.get(deviceId);
      if (session) this.#due.mark(session);
    }
  }

  /** The client sent a PUBACK. */
  acknowledged(client: Client, messageId: number): void {
    this.#inFlight.acknowledged(client, messageId);
  }

  /** The packet identifier of an outgoing message, told by its payload. */
  numberOf(payload: string | Buffer): number | undefined {
    return this.#inFlight.numberOf(payload);
  }

  /** What it cannot write down any more is delivered once again after the next start. */
  async stop(): Promise<void> {
    await this.#due.stop();
    await Promise.race([this.#acknowledged.idle(), setTimeout(STOP_PATIENCE_MS, undefined, { ref: false })]);
    await this.#acknowledged.stop();
  }

  async #settle(keys: readonly OutboxKey[]): Promise<void> {
    await acknowledge(this.#deps.database, keys);
    for (const { deviceId, notificationId } of keys) {
      const session = this.#sessions.get(deviceId);
      session?.settled.push(notificationId);
      if (session?.mayHaveMore && session.unacknowledged <= WINDOW / 2) this.#due.mark(session);
    }
  }

  async #deliver(sessions: readonly Session[]): Promise<void> {
    for (const session of sessions) {
      // Only now: a look that began before the deletion would have shown them once more.
      for (const notificationId of session.settled) session.held.delete(notificationId);
      session.settled = [];
    }
    const deviceIds = sessions.map((session) => session.deviceId);
    const rows = await pendingFor(this.#deps.database, deviceIds, new Date(this.#deps.clock()), LOOK_AHEAD);
    for (const session of sessions) {
      const own = rows.filter((row) => row.deviceId === session.deviceId);
      if (this.#sessions.get(session.deviceId) === session) this.#fill(session, own);
    }
  }

  #fill(session: Session, rows: readonly PendingMessage[]): void {
    const fresh = rows.filter((row) => !session.held.has(row.notificationId));
    const room = Math.max(0, WINDOW - session.unacknowledged);
    session.mayHaveMore = fresh.length > room || rows.length === LOOK_AHEAD;
    for (const row of fresh.slice(0, room)) this.#send(session, row);
  }

  #send(session: Session, { notificationId, payload }: PendingMessage): void {
    const { client, topic, deviceId } = session;
    session.held.add(notificationId);
    session.unacknowledged++;
    const done = () => {
      session.unacknowledged--;
      this.#acknowledged.mark({ deviceId, notificationId });
    };
    const isAtMostOnce = session.qos === 0;
    if (!isAtMostOnce) this.#inFlight.add(client, payload, done);
    const qos = isAtMostOnce ? 0 : 1;
    client.publish({ cmd: 'publish', topic, payload, qos, dup: false, retain: false }, () => {
      if (isAtMostOnce && !client.closed) done();
    });
  }
}
