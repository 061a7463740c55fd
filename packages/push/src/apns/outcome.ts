/** What Apple's answers mean. developer.apple.com: "Handling notification responses from APNs". */
import { ACCEPTED, gone, type Outcome, refused, retry } from '../outcome.ts';

type Meaning =
  /** Never for this delivery; the address stays. */
  | 'refused'
  /** The address is dead. */
  | 'gone'
  /** Again, later, this device only. */
  | 'later'
  /** Our credentials or configuration: park the provider, keep every address. */
  | 'park'
  /** A new provider token, then again. */
  | 'expired-token';

/** By Apple's `reason`. */
const MEANINGS: Record<string, Meaning> = {
  // 400. A wrong environment looks the same as a wrong token; the transport watches how many there are.
  BadDeviceToken: 'gone',
  // The app or its topic is set up wrongly here: every device would answer so.
  DeviceTokenNotForTopic: 'refused',
  TopicDisallowed: 'park',
  BadTopic: 'park',
  MissingTopic: 'park',
  // Our own mistakes in a header or payload; repeating them helps nobody.
  BadCollapseId: 'refused',
  BadExpirationDate: 'refused',
  BadMessageId: 'refused',
  BadPriority: 'refused',
  InvalidPushType: 'refused',
  DuplicateHeaders: 'refused',
  PayloadEmpty: 'refused',
  MissingDeviceToken: 'refused',
  // The server closes an idle connection; a new one will do.
  IdleTimeout: 'later',
  // 403.
  ExpiredProviderToken: 'expired-token',
  InvalidProviderToken: 'park',
  MissingProviderToken: 'park',
  BadCertificate: 'park',
  BadCertificateEnvironment: 'park',
  Forbidden: 'park',
  UnrelatedKeyIdInToken: 'park',
  BadEnvironmentKeyIdInToken: 'park',
  // 404, 405: our bugs.
  BadPath: 'refused',
  MethodNotAllowed: 'refused',
  // 410, with the time since when, in ms.
  Unregistered: 'gone',
  ExpiredToken: 'gone',
  // 413.
  PayloadTooLarge: 'refused',
  // 429 for one device, or for our tokens.
  TooManyRequests: 'later',
  TooManyProviderTokenUpdates: 'park',
  // 5xx.
  InternalServerError: 'later',
  ServiceUnavailable: 'later',
  Shutdown: 'later',
};

/** TooManyProviderTokenUpdates: at least 20 minutes with the old token. */
const TOKEN_UPDATES_MS = 20 * 60_000;
const TOO_MANY_REQUESTS_MS = 60_000;

export type ApnsAnswer = { readonly outcome: Outcome } | { readonly expiredToken: true };

const TAKEN: ApnsAnswer = { outcome: ACCEPTED };

export function readAnswer(status: number, body: Buffer, retryAfterMs: number | null): ApnsAnswer {
  if (status === 200) return TAKEN;
  const { reason, timestamp } = readBody(status, body);
  const meaning = MEANINGS[reason] ?? (status >= 500 || status === 429 ? 'later' : 'refused');
  if (meaning === 'expired-token') return { expiredToken: true };
  if (meaning === 'gone') return { outcome: gone(reason, timestamp) };
  if (meaning === 'refused') return { outcome: refused(reason) };
  if (meaning === 'park') {
    const wait = reason === 'TooManyProviderTokenUpdates' ? TOKEN_UPDATES_MS : retryAfterMs;
    return { outcome: retry(reason, wait, 'provider') };
  }
  return { outcome: retry(reason, retryAfterMs ?? (status === 429 ? TOO_MANY_REQUESTS_MS : null)) };
}

function readBody(status: number, body: Buffer): { reason: string; timestamp: number | null } {
  try {
    const { reason, timestamp } = JSON.parse(body.toString()) as { reason?: unknown; timestamp?: unknown };
    return {
      reason: typeof reason === 'string' ? reason : `status ${status}`,
      timestamp: typeof timestamp === 'number' ? timestamp : null,
    };
  } catch {
    // A proxy's page instead of Apple's JSON: the status is all there is.
    return { reason: `status ${status}`, timestamp: null };
  }
}
