/**
 * The composition root: the only file that knows every room. Built in the order data flows; closed in reverse.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { generateVapidKeys, type VapidKeys } from '@tocsin/push';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { createClient } from './api/edge/client.ts';
import { useCertificate } from './api/edge/tls.ts';
import { buildHttp } from './api/http.ts';
import { notifyApi } from './api/notify/plugin.ts';
import { type Broker, createBroker } from './broker/broker.ts';
import { createOutboxTransport } from './broker/transport.ts';
import { openCertificate } from './certificate.ts';
import type { Config } from './config.ts';
import { FanoutWorker } from './fanout/worker.ts';
import { createHousekeeping } from './housekeeping/housekeeping.ts';
import { ensureDemoAccount } from './identity/demo-account.ts';
import { createRecheck } from './identity/ldap/recheck.ts';
import { ensureFirstAdmin, type FirstAdmin } from './identity/local-accounts.ts';
import { createLoginTokens } from './identity/login-tokens.ts';
import { buildMethods } from './identity/methods.ts';
import { createBrowserSignIn } from './identity/open-id/browser.ts';
import { createOpenId } from './identity/open-id/phone.ts';
import { createPasswords } from './identity/passwords.ts';
import { createIngest } from './ingest/ingest.ts';
import type { Clock } from './lib/clock.ts';
import { createMetrics } from './lib/metrics.ts';
import { PRIVATE_NETWORKS, parseNetworks } from './lib/network.ts';
import { createRates } from './lib/rates.ts';
import { createSealer, KEY_BYTES, keyOf, type Sealer } from './lib/sealer.ts';
import { createHub } from './live/hub.ts';
import { buildPeople } from './people.ts';
import { endAllLeases } from './queue/chunk.ts';
import { createReceipts } from './receipts/receipts.ts';
import { createReceiptTokens } from './receipts/token.ts';
import { browserSignInOf, methodsOf, openIdOf, recheckOf } from './sign-in-methods.ts';
import { createWakeChannel } from './store/channel.ts';
import type { Database } from './store/database.ts';
import { exchangeRates } from './store/rate-count.ts';
import type { Secrets } from './store/secret.ts';
import { createAddressCheck } from './transports/address-check.ts';
import { buildTransports } from './transports/build.ts';
import type { Parking } from './transports/health.ts';
import { createParkingBoard } from './transports/parking-board.ts';
import { createProviders } from './transports/providers.ts';
import { createRegistry } from './transports/registry.ts';

export interface AppDeps {
  readonly config: Config;
  readonly database: Database;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: FastifyBaseLogger;
}

export interface App {
  readonly http: FastifyInstance;
  /** Made at this start, or null. */
  readonly firstAdmin: FirstAdmin | null;
  /** Starts the roles of the configuration and listens. */
  start(): Promise<Ports>;
  /** Looks now whether the files of the certificate changed. */
  lookForCertificate(): void;
  /** Takes nothing new, finishes what is under way, closes everything it opened. */
  stop(): Promise<void>;
}

/** Null: not listened on. */
export interface Ports {
  readonly httpPort: number | null;
  readonly mqttPort: number | null;
  readonly mqttsPort: number | null;
}

const INBOX = fileURLToPath(new URL('../../../inbox/dist', import.meta.url));

export async function createApp(deps: AppDeps): Promise<App> {
  const { config, database, clock, random, log } = deps;
  const { node } = config;
  const report = (error: Error, what = 'background work') => log.error({ err: error }, what);
  const housekeeping = createHousekeeping({
    database,
    clock,
    notificationRetentionDays: config.NOTIFICATION_RETENTION_DAYS,
    eventRetentionDays: config.EVENT_RETENTION_DAYS,
    auditRetentionDays: config.AUDIT_RETENTION_DAYS,
    onError: report,
  });
  await housekeeping.runOnce();
  const keys = await loadKeys(deps.secrets);
  const metrics = createMetrics();
  const channel = createWakeChannel(database, node, report);
  const passwords = await createPasswords();
  // Only who serves people can tell them the password.
  const firstAdmin = config.roles.has('api')
    ? await ensureFirstAdmin(database, passwords, config.TOCSIN_ADMIN_PASSWORD)
    : null;
  await ensureDemoAccount(database, passwords, config.DEMO_ACCOUNT_PASSWORD, new Date(clock()));
  const rates = createRates({
    limits: {
      address: config.RATE_LIMIT_ADDRESS,
      user: config.RATE_LIMIT_USER,
      key: config.RATE_LIMIT_KEY,
    },
    clock,
    exchange: (shares) => exchangeRates(database, shares),
    onError: (error) => log.warn({ err: error.message }, 'rates are not exchanged: this node counts alone'),
  });
  const people = buildPeople({
    database,
    clock,
    node,
    passwords,
    tokens: createLoginTokens(keys.login),
    checks: buildMethods(methodsOf(config), database, passwords),
    adminUsers: new Set(config.ADMIN_USERS),
    onVerdict: (method, { kind, reason }) => {
      if (kind === 'unavailable') log.warn({ method, reason }, 'a way to sign in is unavailable');
      else log.debug({ method, reason }, 'sign-in refused');
    },
    publishNetworks: parseNetworks(
      config.PUBLISH_NETWORKS.length > 0 ? config.PUBLISH_NETWORKS : PRIVATE_NETWORKS,
    ),
    rates,
    secrets: deps.secrets,
    onChanged: () => channel.wake('access'),
    onProvidersChanged: () => channel.wake('providers'),
    onError: report,
  });
  const { identity, access } = people;
  const tokens = createReceiptTokens(keys.receipts);
  const receipts = createReceipts({ database, tokens, clock, node });
  const live = createHub({ database, clock, onError: report });
  const ingest = createIngest({
    database,
    clock,
    onAccepted: (count) => {
      if (count === 0) return;
      metrics.accepted(count);
      channel.wake('work');
      channel.wake('inbox');
    },
  });
  const directory = recheckOf(config);
  const recheck =
    directory &&
    createRecheck({
      ...directory,
      database,
      audit: people.audit,
      clock,
      onEnded: (username) => log.info({ username }, 'left the directory: the logins were ended'),
      onError: (error, what) => log.warn({ reason: error.message }, what),
    });
  const trustedProxies = parseNetworks(config.TRUSTED_PROXIES);
  const client = createClient(trustedProxies);
  const parkings = createParkingBoard(database, report);
  const sending = {
    database,
    secrets: deps.secrets,
    settings: config,
    clock,
    vapid: keys.vapid,
    embeddedMqtt: config.MQTT_URL
      ? null
      : createOutboxTransport({ database, clock, deliver: () => channel.wake('mqtt'), onError: report }),
    onParked: (parking: Parking) => {
      log.warn({ provider: parking.provider, reason: parking.reason }, 'provider parked');
      parkings.note(parking);
    },
    onRecovered: (provider: string) => {
      log.info({ provider }, 'provider recovered');
      parkings.erase(provider);
    },
    onError: report,
  };
  const registry = createRegistry(buildTransports({ ...sending, parkings: await parkings.list() }));
  const providers = createProviders({ ...sending, registry, listParkings: () => parkings.list() });
  await providers.refresh();
  const worker = new FanoutWorker({
    database,
    clock,
    random,
    node,
    registry,
    tokens,
    onInbox: () => channel.wake('inbox'),
    onOutcomes: (accepted, others) => metrics.delivered(accepted, others),
    onError: report,
  });
  const broker: Broker | null =
    config.MQTT_URL || !config.roles.has('broker')
      ? null
      : createBroker({
          database,
          identity,
          ingest,
          receipts,
          tokens,
          clock,
          log,
          mayPublish: access.allows,
          trustedProxies,
          onError: report,
        });
  const openIdProvider = openIdOf(config);
  const forBrowsers = browserSignInOf(config);
  const notify = {
    ...people,
    openId: openIdProvider && createOpenId(openIdProvider),
    database,
    client,
    ingest,
    live,
    clock,
    demoService: config.DEMO_ACCOUNT_SERVICE,
    firstLoginStatus: config.FIRST_LOGIN_STATUS,
  };
  const certificate = openCertificate(config, clock, log, (pair) => {
    useCertificate(http, pair);
    broker?.useCertificate(pair);
  });
  const http = await buildHttp({
    log,
    tls: certificate?.pair ?? null,
    exemptNetworks: parseNetworks(config.RATE_LIMIT_EXEMPT),
    corsOrigins: new Set(config.CORS_ORIGINS),
    inboxDirectory: INBOX,
    notifyV1: notifyApi({ ...notify, version: 1 }),
    notifyV2: notifyApi({ ...notify, version: 2 }),
    operations: {
      database,
      metrics,
      brokerFault: () => broker?.fault() ?? null,
      parkings: () => parkings.list(),
    },
    api: {
      ...people,
      database,
      client,
      ingest,
      receipts,
      live,
      parkings: () => parkings.list(),
      providers: () => providers.list(),
      clock,
      checkAddress: createAddressCheck(registry),
      demoService: config.DEMO_ACCOUNT_SERVICE,
      webPushPublicKey: keys.vapid.publicKey,
      openId: openIdProvider &&
        forBrowsers && {
          label: config.OIDC_LABEL,
          browser: createBrowserSignIn({
            ...forBrowsers,
            provider: openIdProvider,
            sealer: signInSealer(keys.login),
            clock,
          }),
        },
      publicUrl: config.TOCSIN_PUBLIC_URL ?? null,
    },
  });
  metrics.watch('ingest_waiting', 'Notifications waiting for their commit', () => ingest.waiting);
  metrics.watch('live_listeners', 'Open live streams', () => live.listeners);
  metrics.watch('providers_parked', 'Providers that are parked', () => registry.parkings().length);

  const stops: (() => Promise<void> | void)[] = [];
  const start = async () => {
    // The embedded database is locked for one server.
    if (!config.DATABASE_URL) await endAllLeases(database);
    channel.on('work', () => worker.wake());
    channel.on('inbox', () => live.wake());
    channel.on('access', () => {
      identity.forget();
      live.checkLogins();
      broker?.checkStanding();
    });
    channel.on('mqtt', () => broker?.wake());
    channel.on('providers', () => void providers.refresh().catch(report));
    await channel.start();
    stops.push(() => channel.stop());
    stops.push(() => rates.stop());
    await registry.open();
    stops.push(() => registry.close());
    if (config.roles.has('scheduler')) {
      await housekeeping.start();
      stops.push(() => housekeeping.stop());
      recheck?.start();
      stops.push(() => recheck?.stop());
    }
    if (config.roles.has('worker')) {
      worker.start();
      stops.push(() => worker.stop());
    }
    certificate?.files.start();
    stops.push(() => certificate?.files.stop());
    let mqttPort: number | null = null;
    let mqttsPort: number | null = null;
    if (broker) {
      broker.attachWebSocket(http.server);
      mqttPort = await broker.listen(config.MQTT_PORT === 0 ? null : config.MQTT_PORT, config.HOST);
      stops.push(() => broker.stop());
      if (certificate && config.MQTTS_PORT !== 0)
        mqttsPort = await broker.listenTls(config.MQTTS_PORT, config.HOST, certificate.pair);
    }
    let httpPort: number | null = null;
    if (config.roles.has('api')) {
      await http.listen({ port: config.PORT, host: config.HOST });
      httpPort = (http.addresses()[0] as AddressInfo | undefined)?.port ?? null;
    }
    stops.push(() => http.close());
    return { httpPort, mqttPort, mqttsPort };
  };
  const stop = async () => {
    live.stop();
    for (const close of stops.reverse()) await close();
    await ingest.drain();
    await receipts.drain();
    await people.drain();
  };
  const lookForCertificate = () => certificate?.files.look();
  return { http, firstAdmin, start, lookForCertificate, stop };
}

async function loadKeys(secrets: Secrets): Promise<{ login: Buffer; receipts: Buffer; vapid: VapidKeys }> {
  const random = () => randomBytes(32).toString('base64');
  const vapid = await secrets.ensure('vapid', () => JSON.stringify(generateVapidKeys()));
  return {
    login: Buffer.from(await secrets.ensure('login-tokens', random), 'base64'),
    receipts: Buffer.from(await secrets.ensure('receipts', random), 'base64'),
    vapid: JSON.parse(vapid) as VapidKeys,
  };
}

/** Of what goes with a browser to the OpenID provider: not under the key that signs logins, but made of it. */
function signInSealer(loginKey: Buffer): Sealer {
  const key = keyOf(Buffer.from(hkdfSync('sha256', loginKey, '', 'sign-in by OpenID Connect', KEY_BYTES)));
  return createSealer(() => [key]);
}
