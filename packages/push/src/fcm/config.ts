import type { Clock } from '../clock.ts';
import type { Http2Client, Http2ClientOptions } from '../http2/index.ts';

/** The fields of Google's service-account file that are used. */
export interface ServiceAccount {
  readonly project_id: string;
  readonly client_email: string;
  readonly private_key: string;
  readonly private_key_id?: string;
  readonly token_uri?: string;
}

export interface FcmConfig {
  readonly account: ServiceAccount;
  /** Overrides Google's address, for tests. */
  readonly url?: string;
  readonly ca?: string;
  readonly connections?: number;
}

export interface FcmDeps {
  readonly createClient: (options: Http2ClientOptions) => Http2Client;
  readonly clock: Clock;
}

export const FCM_ORIGIN = 'https://fcm.googleapis.com:443';
export const TOKEN_URI = 'https://oauth2.googleapis.com/token';
export const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
/** Google asks for at least 10 s ("Best practices when sending FCM messages at scale"). */
export const REQUEST_TIMEOUT_MS = 15_000;
/** So long a batch waits for a provider that takes no connection. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** For the whole exchange of an assertion for an access token. */
export const TOKEN_TIMEOUT_MS = 10_000;
/** A connection takes 100 streams (firebase-admin keeps to it); ten reach the quota of 10,000/s at 100 ms. */
export const MOST_STREAMS = 100;
/** Keys and values of a message together. */
export const MOST_DATA_BYTES = 4_096;
/** Four weeks ("Setting the lifespan of a message"); more is INVALID_ARGUMENT. */
export const LONGEST_TTL_SECONDS = 2_419_200;
/** Upper bound of a registration token; Google's are about 160 bytes and may grow. */
export const MOST_TOKEN_BYTES = 4_096;

/** What is wrong with a registration token, as a sentence, or null. It is spliced into JSON: quotes would end it. */
export function checkFcmAddress(address: string): string | null {
  const usable = address.length <= MOST_TOKEN_BYTES && /^[!#-[\]-~]+$/.test(address);
  return usable ? null : 'an FCM registration token is visible ASCII without quotes';
}
