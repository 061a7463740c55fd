/**
 * What Google's answers mean. firebase.google.com: FCM v1 ErrorCode, "FCM error codes". Only the machine-readable
 * code counts, never the English text.
 */
import { ACCEPTED, gone, type Outcome, refused, retry } from '../outcome.ts';
import type { Suspect } from '../suspects.ts';

const QUOTA_MS = 60_000;
const SERVER_ERROR_MS = 10_000;

interface GoogleError {
  readonly status: string;
  readonly errorCode: string | null;
  /** Fields of a BadRequest detail. */
  readonly fields: readonly string[];
}

const NOT_A_TOKEN = 'INVALID_ARGUMENT message.token';

/**
 * Whether an answer may be about our set-up instead of the device: with another project's service account every token
 * is a stranger's, and all of them would be lost.
 */
export function suspectOf(index: number, outcome: Outcome): Suspect | null {
  if (outcome.kind !== 'gone') return null;
  const { reason } = outcome;
  if (reason === NOT_A_TOKEN) return { index, reason, alone: outcome, together: refused(reason) };
  if (reason !== 'SENDER_ID_MISMATCH') return null;
  const wrongProject = retry(`${reason} from many devices: check the service account`, null, 'provider');
  return { index, reason, alone: outcome, together: wrongProject };
}

/** FCM's `FcmError` detail decides, then the status. `retryAfterMs` from the header, null when absent. */
export function readAnswer(status: number, body: Buffer, retryAfterMs: number | null): Outcome {
  if (status === 200) return ACCEPTED;
  const error = readError(body);
  const reason = error.errorCode ?? (error.status || `status ${status}`);
  // 429 QUOTA_EXCEEDED: the project's quota or this one device's; Google does not say which, so only this one waits.
  if (status === 429) return retry(reason, retryAfterMs ?? QUOTA_MS);
  // 500 INTERNAL, 503 UNAVAILABLE, and the 502/504 pages of what stands before them.
  if (status >= 500) return retry(reason, retryAfterMs ?? SERVER_ERROR_MS);
  switch (error.errorCode) {
    // The app was removed, or the token replaced (404).
    case 'UNREGISTERED':
    case 'UNREGISTERED_FID':
    // The token belongs to another project (403): it will never be ours.
    case 'SENDER_ID_MISMATCH':
      return gone(error.errorCode);
    // An APNs key in Firebase is missing (401): a token of an iPhone, which is sent to by APNs.
    case 'THIRD_PARTY_AUTH_ERROR':
      return refused(error.errorCode);
    default:
  }
  // 400 INVALID_ARGUMENT: the token is no token, or our message is wrong.
  if (status === 400 && error.status !== '') {
    return error.fields.includes('message.token') ? gone(NOT_A_TOKEN) : refused(reason);
  }
  // 401, 403 without a code of FCM's own, 404 without one (wrong project or path): our set-up, never the token.
  return retry(reason, retryAfterMs, 'provider');
}

interface Detail {
  readonly '@type'?: unknown;
  readonly errorCode?: unknown;
  readonly fieldViolations?: readonly ({ readonly field?: unknown } | null)[];
}

const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';
const UNREADABLE: GoogleError = { status: '', errorCode: null, fields: [] };

function readError(body: Buffer): GoogleError {
  try {
    const { error } = JSON.parse(body.toString()) as {
      error: { status?: unknown; details?: readonly Detail[] };
    };
    const details = error.details ?? [];
    const code = details.find((detail) => detail['@type'] === FCM_ERROR)?.errorCode;
    const violations = details.flatMap((detail) => detail.fieldViolations ?? []);
    return {
      status: typeof error.status === 'string' ? error.status : '',
      errorCode: typeof code === 'string' ? code : null,
      fields: violations.flatMap((violation) =>
        typeof violation?.field === 'string' ? violation.field : [],
      ),
    };
  } catch {
    // HTML from a proxy or load balancer, or JSON that is not Google's.
    return UNREADABLE;
  }
}

/** Google's name of an accepted message; undefined when there is none. Read once per push, so not parsed as JSON. */
export function readName(body: Buffer): string | undefined {
  return /"name"\s*:\s*"([^"\\]+)"/.exec(body.toString('latin1'))?.[1];
}
