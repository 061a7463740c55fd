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
/** A connection takes 100 streams (firebase-admin keeps to it); ten reach the quota of 10,000/s at 100 ms. */
export const MOST_STREAMS = 100;
/** Keys and values of a message together. */
export const MOST_DATA_BYTES = 4_096;
