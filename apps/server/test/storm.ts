/** A whole server in this process, between fakes of every provider on the real wire, with a clock that can jump. */
import {
  type FakeApns,
  type FakeFcm,
  type FakeWebPushService,
  selfSignedCertificate,
  startFakeApns,
  startFakeFcm,
  startFakeWebPushService,
} from '@tocsin/push/testing';
import { pino } from 'pino';
import { type App, createApp } from '../src/app.ts';
import { type Config, ROLES } from '../src/config.ts';
import { eventName } from '../src/receipts/states.ts';
import { SETTINGS } from '../src/settings.ts';
import type { Database } from '../src/store/database.ts';
import { createSecrets } from '../src/store/secret.ts';
import { testDatabase } from './database.ts';
import { testSealer } from './sealer.ts';

const PASSWORD = 'for tests only';

/** Runs with the real time, and jumps. */
export interface JumpingClock {
  readonly now: () => number;
  jump(ms: number): void;
}

export interface Providers {
  readonly apns: FakeApns;
  readonly sandbox: FakeApns;
  readonly fcm: FakeFcm;
  /** Two push services of browsers. */
  readonly mozilla: FakeWebPushService;
  readonly google: FakeWebPushService;
}

/** As GET /-/ready and GET /api/v3/stats say. */
export interface Parked {
  readonly ready: readonly string[];
  readonly stats: readonly string[];
}

function jumpingClock(): JumpingClock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    jump(ms) {
      ahead += ms;
    },
  };
}

async function startProviders(clock: () => number): Promise<Providers> {
  const apns = await startFakeApns({ clock });
  return {
    apns,
    sandbox: await startFakeApns({ clock, signer: apns }),
    fcm: await startFakeFcm({ clock }),
    mozilla: await startFakeWebPushService({ clock }),
    google: await startFakeWebPushService({ clock }),
  };
}

function configFor(
  { apns, sandbox, fcm }: Providers,
  settings: Readonly<Record<string, string>>,
  hasCredentials: boolean,
): Config {
  const { ca } = selfSignedCertificate();
  return {
    ...SETTINGS.parse({
      HOST: '127.0.0.1',
      PORT: '0',
      MQTT_PORT: '0',
      TOCSIN_ADMIN_PASSWORD: PASSWORD,
      APNS_KEY_ID: apns.keyId,
      APNS_TEAM_ID: apns.teamId,
      APNS_TOPIC: apns.topic,
      APNS_URL: apns.url,
      APNS_SANDBOX_URL: sandbox.url,
      FCM_URL: fcm.url,
      WEBPUSH_SUBJECT: 'mailto:storm@example.org',
      WEBPUSH_ALLOW: 'localhost',
      ...settings,
    }),
    roles: new Set(ROLES),
    node: 'storm',
    dataDir: '',
    keyFile: '',
    files: {
      ...(hasCredentials && {
        APNS_KEY_FILE: apns.p8,
        FCM_SERVICE_ACCOUNT_FILE: JSON.stringify(fcm.serviceAccount),
      }),
      APNS_CA_FILE: ca,
      FCM_CA_FILE: ca,
      WEBPUSH_CA_FILE: ca,
    },
  };
}

export class Storm {
  readonly clock: JumpingClock;
  readonly database: Database;
  readonly providers: Providers;
  /** What the server complained about. */
  readonly complaints: string[] = [];
  origin = '';
  private readonly settings: Readonly<Record<string, string>>;
  private readonly hasCredentials: boolean;
  private readonly drop: () => Promise<void>;
  private app: App | null = null;
  private login: Record<string, string> = {};
  private vapidKey = '';

  private constructor(
    clock: JumpingClock,
    providers: Providers,
    given: { database: Database; drop: () => Promise<void> },
    settings: Readonly<Record<string, string>>,
    hasCredentials: boolean,
  ) {
    this.hasCredentials = hasCredentials;
    this.clock = clock;
    this.providers = providers;
    this.database = given.database;
    this.drop = given.drop;
    this.settings = settings;
  }

  /** `hasCredentials`: whether the settings name the files of Apple and Google. */
  static async begin(settings: Readonly<Record<string, string>> = {}, hasCredentials = true): Promise<Storm> {
    const clock = jumpingClock();
    const storm = new Storm(
      clock,
      await startProviders(clock.now),
      await testDatabase(),
      settings,
      hasCredentials,
    );
    await storm.startServer();
    return storm;
  }

  async end(): Promise<void> {
    await this.stopServer();
    for (const provider of Object.values(this.providers)) await provider.close();
    await this.drop();
  }

  /** Stops the server and starts another process's worth of it on the same database. */
  async restart(): Promise<void> {
    await this.stopServer();
    await this.startServer();
  }

  /** A push subscription as a browser makes it for this server. */
  subscription(service: FakeWebPushService) {
    return service.subscribe(this.vapidKey);
  }

  async publish(serviceId: string, given: object = {}): Promise<number> {
    const response = await this.post(`/api/v3/services/${serviceId}/notifications`, { title: 'T', ...given });
    if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
    return ((await response.json()) as { id: number }).id;
  }

  post(path: string, body: object): Promise<Response> {
    return this.call('POST', path, body);
  }

  /** As the administrator. */
  call(method: string, path: string, body?: object): Promise<Response> {
    const headers = { ...this.login, ...(body && { 'content-type': 'application/json' }) };
    return fetch(this.origin + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  }

  /** Names of the events of one notification, by device, oldest first. */
  async log(notificationId: number): Promise<Map<number, string[]>> {
    const rows = await this.database.query<{ device_id: number; event: number }>(
      'select device_id, event from delivery_event where notification_id = $1 order by at',
      [notificationId],
    );
    const byDevice = new Map<number, string[]>();
    for (const { device_id: device, event } of rows) {
      byDevice.set(device, [...(byDevice.get(device) ?? []), eventName(event)]);
    }
    return byDevice;
  }

  /** Of these devices, how many a provider has taken a notification for. */
  async accepted(notificationId: number, devices: readonly number[]): Promise<number> {
    const log = await this.log(notificationId);
    return devices.filter((device) => log.get(device)?.includes('accepted')).length;
  }

  /** ms from the acceptance of a notification to the last of these devices' `accepted` in the log. */
  async delay(notificationId: number, devices: readonly number[]): Promise<number> {
    const [row] = await this.database.query<{ last: Date; since: Date }>(
      `select max(e.at) as last, min(n.created_at) as since from delivery_event e join notification n on n.id = e.notification_id
       where e.notification_id = $1 and e.event = 1 and e.device_id = any($2::bigint[])`,
      [notificationId, devices],
    );
    return row ? row.last.getTime() - row.since.getTime() : 0;
  }

  /** Of these devices those that are marked gone. */
  async gone(devices: readonly number[]): Promise<number[]> {
    const rows = await this.database.query<{ id: number }>(
      'select id from device where id = any($1::bigint[]) and gone_at is not null order by id',
      [devices],
    );
    return rows.map(({ id }) => id);
  }

  async parked(): Promise<Parked> {
    const ready = (await (await fetch(`${this.origin}/-/ready`)).json()) as {
      providers: { provider: string }[];
    };
    const stats = (await (await fetch(`${this.origin}/api/v3/stats`, { headers: this.login })).json()) as {
      parkedProviders: { provider: string }[];
    };
    return {
      ready: ready.providers.map(({ provider }) => provider).sort(),
      stats: stats.parkedProviders.map(({ provider }) => provider).sort(),
    };
  }

  /** What still waits: chunks, retries and parkings that were written down. */
  async waiting(): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      `select (select count(*) from chunk) + (select count(*) from retry) + (select count(*) from provider_parking) as count`,
      [],
    );
    return Number(row?.count ?? 0);
  }

  /** Moves the clock on, a second at a time, until `reached`; the worker looks between the steps. */
  async passUntil(reached: () => Promise<boolean> | boolean, mostSeconds = 300): Promise<void> {
    for (let second = 0; second < mostSeconds; second++) {
      if (await reached()) return;
      this.clock.jump(1_000);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    throw new Error(`not reached within ${mostSeconds} s`);
  }

  private async startServer(): Promise<void> {
    const log = pino({ level: 'error' }, { write: (line: string) => this.complaints.push(line) });
    const { clock, database, providers, settings, hasCredentials } = this;
    const secrets = createSecrets(database, testSealer());
    this.app = await createApp({
      config: configFor(providers, settings, hasCredentials),
      database,
      secrets,
      clock: clock.now,
      random: Math.random,
      log,
    });
    const { httpPort } = await this.app.start();
    this.origin = `http://127.0.0.1:${httpPort}`;
    const signedIn = await this.post('/api/v3/sessions', { username: 'admin', password: PASSWORD });
    const { token } = (await signedIn.json()) as { token: string };
    this.login = { authorization: `Bearer ${token}` };
    this.vapidKey = JSON.parse((await secrets.read('vapid')) ?? '{}').publicKey;
  }

  private async stopServer(): Promise<void> {
    await this.app?.stop();
    this.app = null;
  }
}

/** A device token of Apple's; a registration token of Google's. */
export const appleToken = (index: number) => (0xa0_0000_0000 + index).toString(16).padStart(64, '0');
export const googleToken = (index: number) => `cStorm${index}:APA91b${'x'.repeat(120)}`;

export const appleDevices = (count: number, from = 0, environment = 'production') =>
  Array.from({ length: count }, (_, index) => ({
    kind: 'apns' as const,
    address: appleToken(from + index),
    environment,
  }));

export const googleDevices = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ kind: 'fcm' as const, address: googleToken(from + index) }));

export const browsers = (
  storm: Storm,
  service: FakeWebPushService,
  count: number,
  kind: 'webpush' | 'unifiedpush' = 'webpush',
) =>
  Array.from({ length: count }, () => {
    const { address, credential } = storm.subscription(service);
    return { kind, address, credential };
  });
