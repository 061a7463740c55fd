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
  | 'park';

/** What the transport does about an answer before its outcome counts. */
export type Remedy =
  | 'none'
  /** A dead token, or our wrong environment: how many there are tells. */
  | 'suspect'
  /** Once more with a new provider token on a new connection. */
  | 'new-token'
  /** No new provider token for a while. */
  | 'keep-token'
  /** Once more with less text. */
  | 'shorten'
  /** This connection is of no more use. */
  | 'reconnect';

type Row = readonly [meaning: Meaning, remedy?: Remedy];

/** By Apple's `reason`. */
const MEANINGS = new Map<string, Row>(
  Object.entries({
    // 400. A token of the other environment gets the same answer (Apple DTS, forums thread 807380).
    BadDeviceToken: ['gone', 'suspect'],
    // The device runs another app than the one we are set up for: its own fault, not everybody's.
    DeviceTokenNotForTopic: ['refused'],
    // Our topic is set up wrongly: every device would answer so.
    TopicDisallowed: ['park'],
    BadTopic: ['park'],
    MissingTopic: ['park'],
    // Our own mistakes in a header or payload; repeating them helps nobody.
    BadCollapseId: ['refused'],
    BadExpirationDate: ['refused'],
    BadMessageId: ['refused'],
    BadPriority: ['refused'],
    InvalidPushType: ['refused'],
    DuplicateHeaders: ['refused'],
    PayloadEmpty: ['refused'],
    MissingDeviceToken: ['refused'],
    // The server closes an idle connection; a new one will do.
    IdleTimeout: ['later', 'reconnect'],
    // 403. The connection that saw an expired token answers nothing else any more (pushy).
    ExpiredProviderToken: ['park', 'new-token'],
    InvalidProviderToken: ['park'],
    MissingProviderToken: ['park'],
    BadCertificate: ['park'],
    BadCertificateEnvironment: ['park'],
    Forbidden: ['park'],
    UnrelatedKeyIdInToken: ['park'],
    BadEnvironmentKeyIdInToken: ['park'],
    // 404, 405: our bugs.
    BadPath: ['refused'],
    MethodNotAllowed: ['refused'],
    // 410, with the time since when, in ms.
    Unregistered: ['gone'],
    ExpiredToken: ['gone'],
    // 413.
    PayloadTooLarge: ['refused', 'shorten'],
    // 429 for one device, or for our tokens (pushy 811).
    TooManyRequests: ['later'],
    TooManyProviderTokenUpdates: ['park', 'keep-token'],
    // 5xx.
    InternalServerError: ['later'],
    ServiceUnavailable: ['later'],
    Shutdown: ['later', 'reconnect'],
  } satisfies Record<string, Row>),
);

/** TooManyProviderTokenUpdates: at least 20 minutes with the old token. */
const TOKEN_UPDATES_MS = 20 * 60_000;
const TOO_MANY_REQUESTS_MS = 60_000;

export interface ApnsAnswer {
  readonly outcome: Outcome;
  readonly remedy: Remedy;
}

const TAKEN: ApnsAnswer = { outcome: ACCEPTED, remedy: 'none' };

/** `retryAfterMs` from the header, null when absent. */
export function readAnswer(status: number, body: Buffer, retryAfterMs: number | null): ApnsAnswer {
  if (status === 200) return TAKEN;
  const { reason, timestamp } = readBody(body);
  const [meaning, remedy = 'none'] = MEANINGS.get(reason ?? '') ?? [meaningOf(status, reason)];
  const words = reason ?? `status ${status}`;
  return { outcome: outcomeOf(meaning, status, words, timestamp, retryAfterMs), remedy };
}

/** A reason Apple added since, or none because something in between answered. */
function meaningOf(status: number, reason: string | null): Meaning {
  if (status >= 500 || status === 429) return 'later';
  // 403 is always about who we are. Without a reason it was not Apple who answered: no device is to blame.
  return status === 403 || reason === null ? 'park' : 'refused';
}

function outcomeOf(
  meaning: Meaning,
  status: number,
  reason: string,
  timestamp: number | null,
  retryAfterMs: number | null,
): Outcome {
  if (meaning === 'gone') return gone(reason, timestamp);
  if (meaning === 'refused') return refused(reason);
  if (meaning === 'later')
    return retry(reason, retryAfterMs ?? (status === 429 ? TOO_MANY_REQUESTS_MS : null));
  const wait = reason === 'TooManyProviderTokenUpdates' ? TOKEN_UPDATES_MS : retryAfterMs;
  return retry(reason, wait, 'provider');
}

function readBody(body: Buffer): { reason: string | null; timestamp: number | null } {
  try {
    const { reason, timestamp } = JSON.parse(body.toString()) as { reason?: unknown; timestamp?: unknown };
    return {
      reason: typeof reason === 'string' ? reason : null,
      timestamp: typeof timestamp === 'number' ? timestamp : null,
    };
  } catch {
    // A proxy's page instead of Apple's JSON: the status is all there is.
    return { reason: null, timestamp: null };
  }
}
