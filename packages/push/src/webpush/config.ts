import type { Clock } from '../clock.ts';
import type { Http2Client, Http2ClientOptions } from '../http2/index.ts';
import type { AddressGuard } from '../outside/address-guard.ts';
import type { VapidKeys } from './vapid.ts';

export interface WebPushConfig {
  readonly kind: 'webpush' | 'unifiedpush';
  readonly vapid: VapidKeys;
  /** `mailto:` or `https:` contact of whoever runs this server. */
  readonly subject: string;
  readonly guard: AddressGuard;
  readonly ca?: string;
}

export interface WebPushDeps {
  readonly createClient: (options: Http2ClientOptions) => Http2Client;
  readonly clock: Clock;
}

export const REQUEST_TIMEOUT_MS = 10_000;
export const MOST_STREAMS = 100;
export const MOST_BODY_BYTES = 4_096;
export const MOST_ENDPOINT_BYTES = 1_000;
/** Push services connected to at the same time; the longest unused is closed beyond it. */
export const MOST_ORIGINS = 64;
