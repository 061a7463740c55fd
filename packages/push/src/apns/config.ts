import type { Clock } from '../clock.ts';
import type { Http2Client, Http2ClientOptions } from '../http2/index.ts';
import type { TokenShelf } from './token-shelf.ts';

/** A team's signing key: the text of its .p8 file and the two ten-character names Apple gave. */
export interface ApnsKey {
  readonly p8: string;
  readonly keyId: string;
  readonly teamId: string;
}

/** How we prove to Apple who we are: a token signed with the team's .p8 key, or a .pem client certificate. */
export type ApnsAuthentication =
  | ({ readonly kind: 'token' } & ApnsKey)
  | { readonly kind: 'certificate'; readonly cert: string; readonly key: string };

export type ApnsEnvironment = 'production' | 'sandbox';

export interface ApnsConfig {
  readonly authentication: ApnsAuthentication;
  /** Bundle id of the app. */
  readonly topic: string;
  readonly environment: ApnsEnvironment;
  /** Overrides Apple's address, for tests. */
  readonly url?: string;
  readonly ca?: string;
  readonly connections?: number;
}

/** One topic in both environments. */
export interface ApnsPairConfig extends Omit<ApnsConfig, 'environment' | 'url'> {
  /** The one that is connected to from the start. */
  readonly primary: ApnsEnvironment;
  readonly urls?: Partial<Record<ApnsEnvironment, string>>;
}

export interface ApnsDeps {
  readonly createClient: (options: Http2ClientOptions) => Http2Client;
  readonly clock: Clock;
  /** Keeps the provider token over restarts and shares it between processes. */
  readonly tokenShelf?: TokenShelf;
}

/** developer.apple.com: "Sending notification requests to APNs". */
export const APNS_ORIGINS = {
  production: 'https://api.push.apple.com:443',
  sandbox: 'https://api.sandbox.push.apple.com:443',
} as const;

/** Apple answers in tens of ms; no answer to anything for 10 s means that the connection is dead (node-apn PR 27). */
export const REQUEST_TIMEOUT_MS = 10_000;
/** So long a batch waits for a provider that takes no connection. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** Payload limit of alert pushes, bytes. */
export const MOST_PAYLOAD_BYTES = 4_096;
/** What is tried once when Apple answers PayloadTooLarge all the same. */
export const SHORTER_PAYLOAD_BYTES = 2_048;
/** apns-collapse-id is at most this many bytes. */
export const MOST_COLLAPSE_BYTES = 64;
/** Apple's observed MAX_CONCURRENT_STREAMS is 1,000–1,500; the peer's own setting is obeyed below that. */
export const MOST_STREAMS = 1_000;

/** Apple's word for a token that is dead, or of the other environment. */
export const BAD_DEVICE_TOKEN = 'BadDeviceToken';

/** What is wrong with a device token, as a sentence, or null. Its length is Apple's to change. */
export function checkApnsAddress(address: string): string | null {
  return /^[0-9a-fA-F]{2,512}$/.test(address) ? null : 'an APNs device token is hexadecimal digits';
}
