/** Builds the transports the configuration asks for. One kind that is not set up is simply not in the registry. */
import {
  type ApnsConfig,
  createApnsTransport,
  createCoreClient,
  createFcmTransport,
  createMqttTransport,
  createNodeClient,
  createWebPushTransport,
  type DeviceKind,
  type Transport,
  type VapidKeys,
} from '@tocsin/push';
import type { Clock } from '../lib/clock.ts';
import { type Parking, type ParkedTransport, withParking } from './parking.ts';
import type { TransportEntry } from './registry.ts';

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
  readonly settings: TransportSettings;
  readonly clock: Clock;
  readonly vapid: VapidKeys;
  /** The transport of the embedded broker, or null when MQTT_URL names an external one. */
  readonly embeddedMqtt: Transport | null;
  readonly onParked: (parking: Parking) => void;
  readonly onRecovered: (provider: string) => void;
}
