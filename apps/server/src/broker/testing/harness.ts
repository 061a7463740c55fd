/** A broker on a free port over a real database, and real clients. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Notification } from '@tocsin/push';
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { device, user } from '../../../test/builders.ts';
import { createPeople } from '../../../test/people.ts';
import { createIngest } from '../../ingest/ingest.ts';
import { parseNetworks } from '../../lib/network.ts';
import { createReceipts } from '../../receipts/receipts.ts';
import { createReceiptTokens } from '../../receipts/token.ts';
import type { Database } from '../../store/database.ts';
import { type BrokerDeps, createBroker } from '../broker.ts';
import type { TokenAuthentication } from '../principal.ts';
import { createOutboxTransport } from '../transport.ts';

export const receiptTokens = createReceiptTokens(Buffer.alloc(32, 7));

/** Every user's login is `login of <username>`. */
export function fakeIdentity(users: Record<string, number>): TokenAuthentication {
  return {
    async authenticate(authorization) {
      const username = /^Bearer login-of-(\w+)$/.exec(authorization)?.[1] ?? '';
      const id = users[username];
      return id === undefined
        ? { kind: 'refused' }
        : { kind: 'login', user: { id, username, isAdmin: false } };
    },
  };
}

export interface StartedBroker {
  readonly url: string;
  readonly webSocketUrl: string;
  readonly port: number;
  readonly logged: { message: string; context: object }[];
  readonly broker: ReturnType<typeof createBroker>;
  readonly transport: ReturnType<typeof createOutboxTransport>;
  stop(): Promise<void>;
}

export async function startBroker(
  database: Database,
  given: Partial<BrokerDeps> = {},
  wantedPort = 0,
): Promise<StartedBroker> {
  const clock = given.clock ?? Date.now;
  const { access } = await createPeople(database, clock);
  const logged: { message: string; context: object }[] = [];
  const log = (context: object, message: string) => void logged.push({ context, message });
  const onError = (error: Error, what: string) => log({ error }, what);
  const broker = createBroker({
    database,
    clock,
    identity: fakeIdentity({}),
    ingest: createIngest({ database, clock, onAccepted: () => undefined }),
    receipts: createReceipts({ database, tokens: receiptTokens, clock, node: 'test' }),
    tokens: receiptTokens,
    mayPublish: access.allows,
    trustedProxies: parseNetworks([]),
    log: { info: log, warn: log },
    onError,
    ...given,
  });
  const http = createServer();
  broker.attachWebSocket(http);
  const port = (await broker.listen(wantedPort, '127.0.0.1')) ?? 0;
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const deliver = (deviceIds: readonly number[]) => broker.wake(deviceIds);
  return {
    broker,
    port,
    logged,
    url: `mqtt://127.0.0.1:${port}`,
    webSocketUrl: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/mqtt`,
    transport: createOutboxTransport({ database, clock, deliver, onError }),
    async stop() {
      await broker.stop();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

export interface MqttDevice {
  readonly id: number;
  readonly userId: number;
  readonly address: string;
  readonly password: string;
  readonly topic: string;
}

export async function mqttDevice(database: Database, userId?: number): Promise<MqttDevice> {
  const owner = userId ?? (await user(database));
  const address = randomUUID();
  const password = randomBytes(32).toString('base64url');
  const credential = createHash('sha256').update(password).digest('hex');
  const id = await device(database, { userId: owner, kind: 'mqtt', address, credential });
  return { id, userId: owner, address, password, topic: `tocsin/devices/${address}/notifications` };
}

export function credentialsOf(of: MqttDevice): IClientOptions {
  return { username: of.address, password: of.password, clientId: 'phone', clean: false };
}

/** Rejects when the broker refuses. */
export async function connect(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = mqtt.connect(url, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: 5_000,
    ...options,
  });
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed before it was connected')));
  });
  client.on('error', () => undefined);
  return client;
}

/** Everything the client gets from now on; `atLeast(n)` resolves when there are so many. */
export function collect(client: MqttClient): {
  packets: IPublishPacket[];
  atLeast(count: number): Promise<IPublishPacket[]>;
} {
  const packets: IPublishPacket[] = [];
  let tell: () => void = () => undefined;
  client.on('message', (_topic, _payload, packet) => {
    packets.push(packet);
    tell();
  });
  return {
    packets,
    atLeast: (count) =>
      new Promise((resolve) => {
        tell = () => {
          if (packets.length >= count) resolve(packets);
        };
        tell();
      }),
  };
}

/** Asks until it is so. */
export async function eventually(isSo: () => boolean | Promise<boolean>, patienceMs = 8_000): Promise<void> {
  for (const end = Date.now() + patienceMs; !(await isSo()); ) {
    if (Date.now() > end) throw new Error('it did not become so');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

let lastId = 1_000;

export function notification(given: Partial<Notification> = {}): Notification {
  const id = given.id ?? ++lastId;
  return {
    id,
    uuid: randomUUID(),
    serviceId: randomUUID(),
    serviceName: 'Doors',
    color: '1f77b4',
    title: `notification ${id}`,
    subtitle: '',
    body: '',
    url: '',
    priority: 'normal',
    ttlSeconds: 3_600,
    collapseKey: null,
    actions: [],
    data: {},
    timestamp: Date.now(),
    ...given,
  };
}

/** Hands one notification to the devices through the transport; the outcomes by index. */
export async function send(started: StartedBroker, what: Notification, to: readonly MqttDevice[]) {
  const outcomes: unknown[] = [];
  await started.transport.send(
    {
      notification: what,
      app: 'tests',
      environment: '',
      addresses: to.map(({ address }) => address),
      credentials: to.map(() => ''),
      deviceIds: to.map(({ id }) => id),
      badges: to.map(() => 3),
      receiptTokens: to.map(({ id, userId }) => receiptTokens.issue(what.id, id, userId)),
    },
    (index, outcome) => {
      outcomes[index] = outcome;
    },
  );
  return outcomes;
}

export async function waitingFor(database: Database, deviceId: number): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'select count(*) as count from mqtt_outbox where device_id = $1',
    [deviceId],
  );
  return row?.count ?? 0;
}
