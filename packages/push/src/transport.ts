/**
 * The interface every way of reaching a device implements. Read this first.
 *
 * A transport is handed a *batch*: one neutral notification and many addresses. It answers by calling
 * `onOutcome(index, outcome)` exactly once per index, in any order, and resolves when all are answered.
 * There is no promise, object or JSON per device on the way: per-device values travel in arrays.
 */
import type { Notification } from './notification.ts';
import type { Outcome } from './outcome.ts';

export type DeviceKind = 'apns' | 'fcm' | 'webpush' | 'unifiedpush' | 'mqtt' | 'relay';

export interface Batch {
  readonly notification: Notification;
  /**
   * Name of the app the devices run; '' is a client of the Notify API v1/v2, which gets the plain payload
   * its published apps expect. One batch is for one app.
   */
  readonly app: string;
  /**
   * Which of a provider's environments the addresses are of (APNs: `production`, `sandbox`); '' when they do not say.
   * One batch is for one environment.
   */
  readonly environment: string;
  /** Device token, endpoint URL or MQTT device id. */
  readonly addresses: readonly string[];
  /** Per device: what the address needs to be used (Web Push: `<p256dh>.<auth>`, base64url). May be empty where none does. */
  readonly credentials: readonly string[];
  /** Our number of each device; makes per-delivery identities (apns-id) that are equal on every attempt. */
  readonly deviceIds: readonly number[];
  /** Per device: the user's unread count, or -1 for none. */
  readonly badges: ArrayLike<number>;
  /** Per device: token with which it may post its receipt; '' for none. ASCII, URL-safe. */
  readonly receiptTokens: readonly string[];
}

/** `providerId` is the provider's own name for the delivery, where it gives one that is not ours. */
export type OnOutcome = (index: number, outcome: Outcome, providerId?: string) => void;

export interface DeviceAddress {
  readonly address: string;
  readonly credential: string;
}

export interface Transport {
  readonly kind: DeviceKind;
  /** Returns what is wrong with an address before it is stored, as a sentence, or null. Never touches the network. */
  checkAddress(device: DeviceAddress): string | null;
  /** Primes connections. Resolves also when the provider is away: sending then answers `retry`. */
  open(): Promise<void>;
  /** Sends one batch. Rejects only on a programming error. */
  send(batch: Batch, onOutcome: OnOutcome): Promise<void>;
  /** Lets what is in flight finish for a moment, answers the rest `retry`, frees everything. */
  close(): Promise<void>;
}
