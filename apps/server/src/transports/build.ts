/** Builds the transports the configuration asks for. One kind that is not set up is simply not in the registry. */
import {
  createAddressGuard,
  createCoreClient,
  createFcmTransport,
  createMqttTransport,
  createNodeClient,
  createWebPushTransport,
  type FcmDeps,
  type ServiceAccount,
  type Transport,
  type VapidKeys,
} from '@tocsin/push';
import type { Clock } from '../lib/clock.ts';
import type { Queryable } from '../store/database.ts';
import type { Secrets } from '../store/secret.ts';
import { type ApnsSettings, apnsEntries } from './apns.ts';
import type { HealthDeps, Parking } from './health.ts';
import { optional } from './optional.ts';
import { type ParkedTransport, withParking } from './parking.ts';
import type { TransportEntry } from './registry.ts';

/** The part of the configuration the transports are made of. */
export interface TransportSettings extends ApnsSettings {
  readonly HTTP2_CLIENT: 'core' | 'node';
  readonly FCM_URL?: string | undefined;
  readonly WEBPUSH_SUBJECT: string;
  readonly WEBPUSH_ALLOW: readonly string[];
  readonly MQTT_URL?: string | undefined;
  readonly MQTT_USERNAME?: string | undefined;
  readonly MQTT_PASSWORD?: string | undefined;
}

export interface BuildDeps extends Pick<HealthDeps, 'onParked' | 'onRecovered'> {
  readonly database: Queryable;
  readonly secrets: Pick<Secrets, 'read' | 'write'>;
  readonly settings: TransportSettings;
  readonly clock: Clock;
  readonly vapid: VapidKeys;
  /** The transport of the embedded broker, or null when MQTT_URL names an external one. */
  readonly embeddedMqtt: Transport | null;
  /** What the database says is parked. */
  readonly parkings: readonly Parking[];
  readonly onError: (error: Error, what: string) => void;
}

/** Apple and Google, as far as the settings hold their credentials; each behind its own parking. */
export function buildProviders(deps: BuildDeps): TransportEntry[] {
  const { settings, clock } = deps;
  const createClient = clientOf(settings);
  const park = (transport: Transport, name: string) => parked(deps, transport, name);
  const fcm = fcmTransport(settings, { createClient, clock });
  return [...apnsEntries({ ...deps, createClient, park }), ...(fcm ? [everywhere(park(fcm, 'fcm'))] : [])];
}

/** The transports that need nobody's credentials but ours; each behind its own parking. */
export function buildTransports(deps: BuildDeps): TransportEntry[] {
  const { settings, clock } = deps;
  const mqtt = deps.embeddedMqtt ?? externalMqtt(settings, clock);
  return [
    ...webPushTransports(deps, clientOf(settings)).map((transport) =>
      everywhere(parked(deps, transport, transport.kind, originOf)),
    ),
    ...(mqtt ? [everywhere(parked(deps, mqtt, 'mqtt'))] : []),
  ];
}

const clientOf = ({ HTTP2_CLIENT }: TransportSettings) =>
  HTTP2_CLIENT === 'node' ? createNodeClient : createCoreClient;
const everywhere = (transport: ParkedTransport): TransportEntry => ({
  kind: transport.kind,
  environment: '',
  transport,
});

/** The provider's name is `name`, followed by its unit where units fail one by one. */
function parked(
  { clock, parkings, onParked, onRecovered }: BuildDeps,
  transport: Transport,
  name: string,
  unitOf?: (address: string) => string,
): ParkedTransport {
  const isOurs = ({ provider }: Parking) => (unitOf ? provider.startsWith(`${name} `) : provider === name);
  return withParking(transport, {
    clock,
    providerOf: (address) => (unitOf ? `${name} ${unitOf(address)}` : name),
    known: parkings.filter(isOurs),
    onParked,
    onRecovered,
  });
}

/** Web Push services fail one by one. */
function originOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).origin : '';
}

function fcmTransport({ files, FCM_URL: url }: TransportSettings, deps: FcmDeps): Transport | null {
  const account = files.FCM_SERVICE_ACCOUNT_FILE;
  if (account === undefined) return null;
  const config = {
    account: JSON.parse(account) as ServiceAccount,
    ...optional({ url, ca: files.FCM_CA_FILE }),
  };
  return createFcmTransport(config, deps);
}

function webPushTransports(
  { settings, vapid, clock }: BuildDeps,
  createClient: FcmDeps['createClient'],
): Transport[] {
  const guard = createAddressGuard(settings.WEBPUSH_ALLOW);
  const ca = optional({ ca: settings.files.WEBPUSH_CA_FILE });
  return (['webpush', 'unifiedpush'] as const).map((kind) =>
    createWebPushTransport(
      { kind, vapid, subject: settings.WEBPUSH_SUBJECT, guard, ...ca },
      { createClient, clock },
    ),
  );
}

function externalMqtt(settings: TransportSettings, clock: Clock): Transport | null {
  if (settings.MQTT_URL === undefined) return null;
  const config = {
    url: settings.MQTT_URL,
    ...optional({ username: settings.MQTT_USERNAME, password: settings.MQTT_PASSWORD }),
  };
  return createMqttTransport(config, { clock });
}
