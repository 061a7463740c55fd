import type { Clock } from '../clock.ts';
import type { Http2Client, Http2ClientOptions } from '../http2/index.ts';
import type { AddressGuard } from '../outside/address-guard.ts';
import type { VapidKeys } from './vapid.ts';

export interface WebPushConfig {
  /** UnifiedPush distributors are spoken to exactly as browsers' push services are. */
  readonly kind: 'webpush' | 'unifiedpush';
  readonly vapid: VapidKeys;
  /** `mailto:` or `https:` contact of whoever runs this server. */
  readonly subject: string;
  readonly guard: AddressGuard;
  /** PEM; an extra certificate authority, for push servers on the LAN. */
  readonly ca?: string;
  /** ms until a push service that does not answer is given up; 10 s when not given. */
  readonly requestTimeoutMs?: number;
}

export interface WebPushDeps {
  readonly createClient: (options: Http2ClientOptions) => Http2Client;
  readonly clock: Clock;
}

export const REQUEST_TIMEOUT_MS = 10_000;
export const CONNECT_TIMEOUT_MS = 5_000;
export const PING_AFTER_MS = 60_000;
/** HTTP/2 connections to one push service; half the requests in flight go over each. */
export const CONNECTIONS = 2;
/** Encrypted messages on their way to one push service: bounds memory and what is repeated after a crash. */
export const MOST_IN_FLIGHT = 200;
/** RFC 8030 §7.2: a push service must take 4,096 bytes; none promises more. */
export const MOST_BODY_BYTES = 4_096;
/** What Mozilla's bridge to FCM lets through; the size of the second and last attempt after a 413. */
export const SHRUNK_BODY_BYTES = 2_744;
/** Longest endpoint taken, bytes (UnifiedPush AND_3.0.0). */
export const MOST_ENDPOINT_BYTES = 1_000;
/** Push services connected to at the same time. */
export const MOST_ORIGINS = 128;
/** An unused connection is closed after this long. */
export const ORIGIN_IDLE_MS = 10 * 60_000;
/** Longest TTL, seconds: FCM's four weeks, beyond which Mozilla's bridge answers 500 (autopush#615). */
export const MOST_TTL_SECONDS = 28 * 24 * 3_600;
