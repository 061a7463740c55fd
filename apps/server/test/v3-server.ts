/** The whole HTTP edge over real HTTP and a real database, with people already signed in. */
import type { AddressInfo } from 'node:net';
import { generateVapidKeys } from '@tocsin/push';
import { pino } from 'pino';
import type { ApiDeps } from '../src/api/deps.ts';
import { createClient } from '../src/api/edge/client.ts';
import { buildHttp, type HttpDeps } from '../src/api/http.ts';
import { notifyApi } from '../src/api/notify/plugin.ts';
import { createIngest } from '../src/ingest/ingest.ts';
import { createMetrics } from '../src/lib/metrics.ts';
import { PRIVATE_NETWORKS, parseNetworks } from '../src/lib/network.ts';
import type { Rates } from '../src/lib/rates.ts';
import { createHub, type LiveHub } from '../src/live/hub.ts';
import { createReceipts } from '../src/receipts/receipts.ts';
import { createReceiptTokens, type ReceiptTokens } from '../src/receipts/token.ts';
import { type Database, openDatabase } from '../src/store/database.ts';
import { createSecrets } from '../src/store/secret.ts';
import { createAddressCheck } from '../src/transports/address-check.ts';
import { buildTransports } from '../src/transports/build.ts';
import { createRegistry } from '../src/transports/registry.ts';
import { testClock } from './builders.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { type Answer, type Call, send } from './http-call.ts';
import { createPeople, type People } from './people.ts';
import { testSealer } from './sealer.ts';

export { PASSWORD, type Person } from './people.ts';

export interface V3Server extends People {
  readonly origin: string;
  readonly port: number;
  readonly database: Database;
  readonly clock: ReturnType<typeof testClock>;
  readonly live: LiveHub;
  readonly receiptTokens: ReceiptTokens;
  /** What the server logged as its own failure. */
  readonly logged: readonly string[];
  /** `path` below /api/v3. */
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** `path` from the root. */
  request(method: string, path: string, call?: Call): Promise<Answer>;
  /** Rows of every table but those that say what was tried. */
  rowCounts(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export interface Given
  extends Partial<Pick<HttpDeps, 'requestTimeoutMs' | 'inboxDirectory' | 'tls' | 'corsOrigins'>> {
  readonly api?: Partial<ApiDeps>;
  readonly operations?: Partial<HttpDeps['operations']>;
  /** Addresses whose requests are not counted. */
  readonly exempt?: readonly string[];
  readonly rates?: Rates;
  /** From where services of the policy `network` may be published to. */
  readonly networks?: readonly string[];
  /** Another way to the same database. */
  readonly connect?: (connection: TestDatabase['connection']) => Promise<Database>;
}

export async function startV3Server(given: Given = {}): Promise<V3Server> {
  const { database: direct, connection, drop } = await testDatabase();
  const database = (await given.connect?.(connection)) ?? openDatabase(connection, () => undefined);
  const clock = testClock();
  const live = createHub({ database, clock: clock.now, onError: () => undefined });
  const people = await createPeople(database, clock.now, {
    publishNetworks: parseNetworks(given.networks ?? PRIVATE_NETWORKS),
    onChanged: () => live.checkLogins(),
    ...(given.rates && { rates: given.rates }),
  });
  const receiptTokens = createReceiptTokens(Buffer.alloc(32, 5));
  const logged: string[] = [];
  const api = { ...apiDeps(database, clock.now, live, people, receiptTokens), ...given.api };
  const notify = { ...api, firstLoginStatus: 201, openId: null } as const;
  const parkings = async () => [];
  const http = await buildHttp({
    log: pino({ level: 'error' }, { write: (line: string) => void logged.push(line) }),
    tls: given.tls ?? null,
    exemptNetworks: parseNetworks(given.exempt ?? PRIVATE_NETWORKS),
    corsOrigins: given.corsOrigins ?? new Set(),
    api,
    operations: {
      database,
      metrics: createMetrics(),
      brokerFault: () => null,
      parkings,
      ...given.operations,
    },
    notifyV1: notifyApi({ ...notify, version: 1 }),
    notifyV2: notifyApi({ ...notify, version: 2 }),
    inboxDirectory: given.inboxDirectory ?? '',
    ...(given.requestTimeoutMs !== undefined && { requestTimeoutMs: given.requestTimeoutMs }),
  });
  await http.listen({ port: 0, host: '127.0.0.1' });
  const { port } = http.server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    ...people,
    origin,
    port,
    database: direct,
    clock,
    live,
    receiptTokens,
    logged,
    call: (method, path, call) => send(`${origin}/api/v3${path}`, method, call),
    request: (method, path, call) => send(`${origin}${path}`, method, call),
    rowCounts: () => rowCounts(direct),
    async stop() {
      live.stop();
      await http.close();
      await database.close();
      await drop();
    },
  };
}

function apiDeps(
  database: Database,
  clock: () => number,
  live: LiveHub,
  people: People,
  tokens: ReceiptTokens,
): ApiDeps {
  return {
    ...people,
    database,
    live,
    clock,
    ingest: createIngest({ database, clock, onAccepted: () => live.wake() }),
    receipts: createReceipts({ database, tokens, clock, node: 'test' }),
    parkings: async () => [],
    providers: async () => [],
    checkAddress: createAddressCheck(webPushOnly(database, clock)),
    client: createClient(parseNetworks([])),
    demoService: 'demo',
    publicUrl: null,
    webPushPublicKey: 'the public key',
    openId: null,
  };
}

/** A server that was given no credentials of Apple or Google. */
function webPushOnly(database: Database, clock: () => number) {
  const settings = {
    HTTP2_CLIENT: 'node',
    APNS_ENVIRONMENT: 'production',
    WEBPUSH_SUBJECT: 'mailto:tests@example.org',
    WEBPUSH_ALLOW: [],
    files: {},
  } as const;
  return createRegistry(
    buildTransports({
      database,
      secrets: createSecrets(database, testSealer()),
      settings,
      clock,
      vapid: generateVapidKeys(),
      embeddedMqtt: null,
      parkings: [],
      onError: () => undefined,
      onParked: () => undefined,
      onRecovered: () => undefined,
    }),
  );
}

async function rowCounts(database: Database): Promise<Record<string, number>> {
  const tables = await database.query<{ name: string }>(
    `select relname as name from pg_class where relkind in ('r', 'p') and not relispartition
       and relnamespace = 'public'::regnamespace and relname not in ('audit_entry', 'access_change') order by relname`,
  );
  const counts = tables.map(({ name }) => `select '${name}' as name, count(*) as count from ${name}`);
  const rows = await database.query<{ name: string; count: number }>(counts.join(' union all '));
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}
