/**
 * The embedded MQTT 3.1.1 broker, over TCP and over WebSocket. aedes speaks the protocol; who may do what, what
 * becomes durable before a PUBACK and what waits for a device that is away is decided here and kept in the database.
 * MQTT 5 clients are refused with return code 1 (aedes 1.2 has no version 5) and fall back to 3.1.1, or use MQTT_URL.
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Aedes, type Client } from 'aedes';
import { clientAddress, type Networks } from '../lib/network.ts';
import type { TlsPair } from '../lib/tls-pair.ts';
import { type Connection, newConnection } from './connection.ts';
import { Deliveries } from './deliveries.ts';
import { setHooks } from './hooks.ts';
import type { InboundDeps } from './inbound.ts';
import { createEmptyPersistence, createSilentEmitter } from './nothing-kept.ts';
import { createPacketWatch } from './packet-watch.ts';
import { createBrokerPorts } from './ports.ts';
import { forgetAnswered } from './publishing.ts';
import { createStanding } from './standing.ts';
import { createWebSocketDoor, isFromAnotherSite, KEEPALIVE_MS } from './websocket.ts';

export interface BrokerDeps extends InboundDeps {
  /** Proxies whose X-Forwarded-For is believed, for WebSocket. */
  readonly trustedProxies: Networks;
  readonly onError: (error: Error, what: string) => void;
}

export interface BrokerStatus {
  readonly connections: number;
  /** Devices that are being served. */
  readonly listening: number;
}

export interface Broker {
  /** `port` null: no TCP listener; 0: any free port. Returns the port. Rejects when the port cannot be had. */
  listen(port: number | null, host: string): Promise<number | null>;
  /** MQTT with TLS on a port of its own, after `listen`. Returns the port. */
  listenTls(port: number, host: string, pair: TlsPair): Promise<number>;
  /** For new connections with TLS. */
  useCertificate(pair: TlsPair): void;
  /** MQTT over WebSocket on the server's own port; may be called before `listen`. */
  attachWebSocket(server: HttpServer, path?: string): void;
  /** There may be something in the outbox of these devices; without a list: of any. */
  wake(deviceIds?: readonly number[]): void;
  /** Somebody may do less than before: connections that stood on it end. Also looked at regularly. */
  checkStanding(): void;
  /** Why it takes no connections, or null. */
  fault(): string | null;
  status(): BrokerStatus;
  /** Takes nothing new, closes all connections, writes down what was acknowledged. */
  stop(): Promise<void>;
}

const MOST_PACKET_BYTES = 256 * 1_024;
const MOST_CONNECTIONS = 20_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** A wake-up of another node may get lost; this is the longest a message then waits. */
const LOOK_EVERY_MS = 30_000;
const MOST_QOS2_OPEN = 20;

export function createBroker(deps: BrokerDeps): Broker {
  const connections = new WeakMap<Client, Connection>();
  const open = new Map<Duplex, Client>();
  const deliveries = new Deliveries(deps);
  const checkStanding = createStanding(deps, () => [...open.values()], connections);
  let phase: 'new' | 'running' | 'stopping' = 'new';
  let problem: string | null = 'the broker is not started';

  const aedes = newAedes(deliveries);
  setHooks(aedes, { ...deps, connections, deliveries, isStopping: () => phase === 'stopping' });
  listenTo(aedes, deps, connections, deliveries);

  const take = (stream: Duplex, address: string, request?: IncomingMessage) => {
    const client = aedes.handle(stream, request);
    open.set(stream, client);
    stream.once('close', () => open.delete(stream));
    const connection = newConnection(address);
    connections.set(client, connection);
    watch(stream, () => {
      forgetAnswered(deps.database, connection).catch((error: Error) =>
        deps.onError(error, 'forgetting MQTT keys'),
      );
    });
  };
  const door = createWebSocketDoor({
    mostPacketBytes: MOST_PACKET_BYTES,
    isOpen: () => phase === 'running' && open.size < MOST_CONNECTIONS,
    onConnection: (stream, request) => take(stream, addressOf(request, deps.trustedProxies), request),
  });
  const ports = createBrokerPorts({
    handshakeTimeoutMs: CONNECT_TIMEOUT_MS,
    onConnection(socket: Socket) {
      if (phase !== 'running' || open.size >= MOST_CONNECTIONS) return void socket.destroy();
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEPALIVE_MS);
      take(socket, socket.remoteAddress ?? '');
    },
    onError(error) {
      problem = error.message;
    },
  });
  let timer: NodeJS.Timeout | null = null;

  return {
    attachWebSocket: (http, path = '/mqtt') => door.attach(http, path),
    async listen(port, host) {
      const listening = port === null ? null : await ports.listen(port, host);
      await aedes.listen();
      phase = 'running';
      problem = null;
      timer = setInterval(() => [deliveries.wake(), checkStanding()], LOOK_EVERY_MS);
      return listening;
    },
    listenTls: ports.listenTls,
    useCertificate: ports.useCertificate,
    wake: (deviceIds) => deliveries.wake(deviceIds),
    checkStanding,
    fault: () => problem,
    status: () => ({ connections: open.size, listening: deliveries.listening }),
    async stop() {
      phase = 'stopping';
      problem = 'the broker is stopped';
      if (timer) clearInterval(timer);
      const closed = ports.close();
      await new Promise<void>((resolve) => aedes.close(resolve));
      door.close();
      for (const stream of open.keys()) stream.destroy();
      await closed;
      await deliveries.stop();
    },
  };
}

function newAedes(deliveries: Deliveries): Aedes {
  return new Aedes({
    mq: createSilentEmitter(),
    persistence: createEmptyPersistence({
      onAcknowledged: (client, messageId) => deliveries.acknowledged(client, messageId),
    }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxInflightInbound: MOST_QOS2_OPEN,
    // Ours are longer than what 3.1 allows: the user name stands in front.
    maxClientsIdLength: 65_535,
  });
}

function listenTo(
  aedes: Aedes,
  deps: BrokerDeps,
  connections: WeakMap<Client, Connection>,
  deliveries: Deliveries,
): void {
  aedes.on('subscribe', (subscriptions, client) => {
    for (const { topic, qos } of subscriptions) {
      const device = connections.get(client)?.granted.get(topic);
      // A refused one carries 128 here.
      if (device && qos <= 2 && !client.closed) deliveries.listen(client, device, qos);
    }
  });
  aedes.on('unsubscribe', (topics, client) => deliveries.forget(client, topics));
  aedes.on('clientDisconnect', (client) => deliveries.forget(client));
  const log = (client: Client, error: Error) => {
    deps.log.info(
      { clientId: connections.get(client)?.clientId, reason: error.message },
      'MQTT connection closed',
    );
  };
  aedes.on('clientError', log);
  aedes.on('connectionError', log);
}

/** 'data' beside aedes' 'readable' does not make the stream flow: it hears each chunk that is read (Node, stream). */
function watch(stream: Duplex, onDisconnect: () => void): void {
  const packets = createPacketWatch({
    mostBytes: MOST_PACKET_BYTES,
    onTooLong: () => stream.destroy(new Error(`packet longer than ${MOST_PACKET_BYTES} bytes`)),
    onDisconnect,
  });
  stream.on('data', (chunk: Buffer) => packets.see(chunk));
}

function addressOf(request: IncomingMessage, trustedProxies: Networks): string {
  if (isFromAnotherSite(request)) return '';
  return clientAddress(
    request.socket.remoteAddress ?? '',
    request.headers['x-forwarded-for'],
    trustedProxies,
  );
}
