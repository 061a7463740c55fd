/**
 * From the outbox to the devices that listen: oldest first, a bounded number on the way, the next ones when those
 * are acknowledged. Nothing is kept for a device that is away; its rows wait in the database.
 */
import { deviceTopic } from '@tocsin/push';
import type { Client } from 'aedes';
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../store/database.ts';
import { type PendingMessage, pendingFor } from '../store/mqtt-outbox.ts';
import { createAcknowledgements } from './acknowledgements.ts';
import { createInFlight } from './in-flight.ts';

export interface DeliveryDeps {
  readonly database: Queryable;
  readonly clock: Clock;
  readonly onError: (error: Error, what: string) => void;
}

export interface Deliveries {
  /** The client listens for this device from now on, in place of any other connection. */
  listen(client: Client, device: { deviceId: number; address: string }, qos: number): void;
  /** Without topics: all of the client's. */
  forget(client: Client, topics?: readonly string[]): void;
  /** There may be something for these devices; without a list: for any. */
  wake(deviceIds?: readonly number[]): void;
  acknowledged(client: Client, messageId: number): void;
  /** The packet identifier a message was given, for aedes to write. */
  readonly numberOf: (payload: string | Buffer) => number | undefined;
  readonly listening: number;
  stop(): Promise<void>;
}

interface Session {
  readonly deviceId: number;
  readonly topic: string;
  readonly client: Client;
  qos: number;
  /** Sent and still in the outbox, as far as the last look into it knew. */
  readonly held: Set<number>;
  /** Removed from the outbox since the last look into it. */
  settled: number[];
  unacknowledged: number;
  mayHaveMore: boolean;
}

/** What mosquitto and most brokers keep on the way to one client. */
export const WINDOW = 20;
/** A full window and everything that is acknowledged but not deleted yet: behind it there is something new. */
const LOOK_AHEAD = 2 * WINDOW;
const SESSIONS_PER_LOOK = 100;
const RETRY_MS = 1_000;

function newSession(client: Client, deviceId: number, topic: string, qos: number): Session {
  return { client, deviceId, topic, qos, held: new Set(), settled: [], unacknowledged: 0, mayHaveMore: false };
}

export function createDeliveries(deps: DeliveryDeps): Deliveries {
  const sessions = new Map<number, Session>();
  const due = new Set<Session>();
  const inFlight = createInFlight();
  let looking: Promise<void> | null = null;
  let retry: NodeJS.Timeout | null = null;
  let stopped = false;

  const acknowledgements = createAcknowledgements({
    database: deps.database,
    onError: deps.onError,
    onSettled(keys) {
      for (const { deviceId, notificationId } of keys) {
        const session = sessions.get(deviceId);
        session?.settled.push(notificationId);
        if (session?.mayHaveMore && session.unacknowledged <= WINDOW / 2) mark(session);
      }
    },
  });
  const mark = (session: Session) => {
    due.add(session);
    if (retry || stopped) return;
    looking ??= look().finally(() => {
      looking = null;
    });
  };
  const look = async () => {
    // A turn of the loop later, so that everything woken together is read together.
    await new Promise((resolve) => setImmediate(resolve));
    while (due.size > 0 && !stopped) {
      const batch = [...due].slice(0, SESSIONS_PER_LOOK);
      for (const session of batch) due.delete(session);
      try {
        await deliverTo(batch.filter((session) => sessions.get(session.deviceId) === session));
      } catch (error) {
        deps.onError(error as Error, 'reading the MQTT outbox');
        for (const session of batch) due.add(session);
        retry = setTimeout(resume, RETRY_MS);
        return;
      }
    }
  };
  const resume = () => {
    retry = null;
    for (const session of due) mark(session);
  };
  const deliverTo = async (batch: readonly Session[]) => {
    for (const session of batch) {
      for (const notificationId of session.settled) session.held.delete(notificationId);
      session.settled = [];
    }
    const ids = batch.map((session) => session.deviceId);
    const rows = await pendingFor(deps.database, ids, new Date(deps.clock()), LOOK_AHEAD);
    for (const session of batch) {
      fill(
        session,
        rows.filter((row) => row.deviceId === session.deviceId),
      );
    }
  };
  const fill = (session: Session, rows: readonly PendingMessage[]) => {
    if (sessions.get(session.deviceId) !== session) return;
    const fresh = rows.filter((row) => !session.held.has(row.notificationId));
    const room = WINDOW - session.unacknowledged;
    session.mayHaveMore = fresh.length > room || rows.length === LOOK_AHEAD;
    for (const row of fresh.slice(0, Math.max(0, room))) send(session, row);
  };
  const send = (session: Session, { notificationId, payload }: PendingMessage) => {
    session.held.add(notificationId);
    session.unacknowledged++;
    const done = () => {
      session.unacknowledged--;
      acknowledgements.add({ deviceId: session.deviceId, notificationId });
    };
    if (session.qos > 0) inFlight.add(session.client, payload, done);
    const packet = {
      cmd: 'publish',
      topic: session.topic,
      payload,
      qos: 1,
      dup: false,
      retain: false,
    } as const;
    session.client.publish(packet, () => {
      // QoS 0 is "at most once": there will be no PUBACK, written is all there is.
      if (session.qos === 0 && !session.client.closed) done();
    });
  };
  return {
    listen(client, { deviceId, address }, qos) {
      const before = sessions.get(deviceId);
      if (before?.client === client) {
        before.qos = qos;
        mark(before);
        return;
      }
      const session = newSession(client, deviceId, deviceTopic(address), qos);
      sessions.set(deviceId, session);
      // Two connections would get every other message each.
      before?.client.close();
      // What an earlier connection acknowledged a moment ago must be gone before the outbox is read again.
      void acknowledgements.settled().then(() => mark(session));
    },
    forget(client, topics) {
      for (const session of sessions.values()) {
        const isMeant = session.client === client && (!topics || topics.includes(session.topic));
        if (isMeant) sessions.delete(session.deviceId);
      }
    },
    wake(deviceIds = [...sessions.keys()]) {
      for (const deviceId of deviceIds) {
        const session = sessions.get(deviceId);
        if (session) mark(session);
      }
    },
    acknowledged: (client, messageId) => inFlight.acknowledged(client, messageId),
    numberOf: (payload) => inFlight.numberOf(payload),
    get listening() {
      return sessions.size;
    },
    async stop() {
      stopped = true;
      if (retry) clearTimeout(retry);
      await looking;
      await acknowledgements.stop();
    },
  };
}
