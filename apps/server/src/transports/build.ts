/** Builds the transports the configuration asks for. One kind that is not set up is simply not in the registry. */
import {
  type ApnsConfig,
  createAddressGuard,
  createApnsTransport,
  createCoreClient,
  createFcmTransport,
  createMqttTransport,
  createNodeClient,
  createWebPushTransport,
  type DeviceKind,
  type ServiceAccount,
  type TokenShelf,
  type Transport,
  type VapidKeys,
} from '@tocsin/push';
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../store/database.ts';
import { type ParkedTransport, type Parking, withParking } from './parking.ts';
import type { TransportEntry } from './registry.ts';
import { createTokenShelf } from './token-shelf.ts';

/** The part of the configuration the transports are made of. */
export interface TransportSettings {
  readonly HTTP2_CLIENT: 'core' | 'node';
  readonly APNS_KEY_ID?: string | undefined;
  readonly APNS_TEAM_ID?: string | undefined;
  readonly APNS_TOPIC?: string | undefined;
  readonly APNS_ENVIRONMENT: 'production' | 'sandbox';
  readonly APNS_URL?: string | undefined;
  readonly FCM_URL?: string | undefined;
  readonly WEBPUSH_SUBJECT: string;
  readonly WEBPUSH_ALLOW: readonly string[];
  readonly MQTT_URL?: string | undefined;
  readonly MQTT_USERNAME?: string | undefined;
  readonly MQTT_PASSWORD?: string | undefined;
  readonly files: Readonly<Partial<Record<string, string>>>;
}

export interface BuildDeps {
  readonly database: Queryable;
  readonly settings: TransportSettings;
  readonly clock: Clock;
  readonly vapid: VapidKeys;
  /** The transport of the embedded broker, or null when MQTT_URL names an external one. */
  readonly embeddedMqtt: Transport | null;
  /** What the database says is parked. */
  readonly parkings: readonly Parking[];
  readonly onParked: (parking: Parking) => void;
  readonly onRecovered: (provider: string) => void;
}

/** Every transport the settings ask for, each behind its own parking. */
export function buildTransports(deps: BuildDeps): TransportEntry[] {
  const { settings, clock } = deps;
  const createClient = settings.HTTP2_CLIENT === 'node' ? createNodeClient : createCoreClient;
  const entries: TransportEntry[] = [];
  const add = (
    kind: DeviceKind,
    transport: Transport | null,
    unitOf?: (address: string) => string,
    environment = '',
  ) => {
    if (!transport) return;
    const { onParked, onRecovered } = deps;
    const provider = environment === '' ? kind : `${kind}-${environment}`;
    const providerOf = (address: string) => (unitOf ? `${provider} ${unitOf(address)}` : provider);
    const known = deps.parkings.filter((parking) => parking.provider.split(' ')[0] === provider);
    const parked: ParkedTransport = withParking(transport, {
      clock,
      providerOf,
      known,
      onParked,
      onRecovered,
    });
    entries.push({ kind, environment, transport: parked });
  };
  const apns = apnsConfig(settings);
  if (apns) {
    const apnsDeps = { createClient, clock, tokenShelf: shelfOf(deps, apns) };
    add('apns', createApnsTransport(apns, apnsDeps));
    // Apple issues device tokens per environment: an app from Xcode has one of the sandbox.
    const environment = apns.environment === 'sandbox' ? 'production' : 'sandbox';
    const other = createApnsTransport({ ...apns, environment, connections: 1 }, apnsDeps);
    add('apns', { ...other, open: connectsWhenNeeded }, undefined, environment);
  }
  const account = settings.files.FCM_SERVICE_ACCOUNT_FILE;
  const fcm = account && {
    account: JSON.parse(account) as ServiceAccount,
    ...optional({ url: settings.FCM_URL, ca: settings.files.FCM_CA_FILE }),
  };
  add('fcm', fcm ? createFcmTransport(fcm, { createClient, clock }) : null);
  const guard = createAddressGuard(settings.WEBPUSH_ALLOW);
  for (const kind of ['webpush', 'unifiedpush'] as const) {
    const config = {
      kind,
      vapid: deps.vapid,
      subject: settings.WEBPUSH_SUBJECT,
      guard,
      ...optional({ ca: settings.files.WEBPUSH_CA_FILE }),
    };
    add(kind, createWebPushTransport(config, { createClient, clock }), originOf);
  }
  add('mqtt', deps.embeddedMqtt ?? externalMqtt(settings, clock));
  return entries;
}

/** Most servers have no device there: no connection is kept ready. */
const connectsWhenNeeded = () => Promise.resolve();

function shelfOf({ database }: BuildDeps, { authentication }: ApnsConfig): TokenShelf {
  const [team, key] =
    authentication.kind === 'token' ? [authentication.teamId, authentication.keyId] : ['', ''];
  return createTokenShelf(database, team, key);
}

/** Web Push services fail one by one. */
function originOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).origin : '';
}

function externalMqtt(settings: TransportSettings, clock: Clock): Transport | null {
  if (settings.MQTT_URL === undefined) return null;
  const config = {
    url: settings.MQTT_URL,
    ...optional({ username: settings.MQTT_USERNAME, password: settings.MQTT_PASSWORD }),
  };
  return createMqttTransport(config, { clock });
}

function apnsConfig(settings: TransportSettings): ApnsConfig | null {
  const { APNS_TOPIC: topic, APNS_ENVIRONMENT: environment, files } = settings;
  if (topic === undefined) return null;
  const common = { topic, environment, ...optional({ url: settings.APNS_URL, ca: files.APNS_CA_FILE }) };
  if (files.APNS_KEY_FILE !== undefined) {
    const { APNS_KEY_ID: keyId = '', APNS_TEAM_ID: teamId = '' } = settings;
    return { ...common, authentication: { kind: 'token', p8: files.APNS_KEY_FILE, keyId, teamId } };
  }
  // One .pem holds both the certificate and its key.
  const pem = files.APNS_CERT_FILE;
  return pem === undefined
    ? null
    : { ...common, authentication: { kind: 'certificate', cert: pem, key: pem } };
}

/** Leaves out what is undefined, as exact optional properties want it. */
function optional<Value extends object>(
  given: { [Key in keyof Value]: Value[Key] | undefined },
): Partial<Value> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<Value>;
}
