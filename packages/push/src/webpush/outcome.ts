/** What a push service's answers mean: RFC 8030 §5, §7.3; autopush-rs docs/src/errors.md; Apple's JSON reasons. */
import { ACCEPTED, gone, type Outcome, refused, retry } from '../outcome.ts';
import type { Suspect } from '../suspects.ts';

const RATE_LIMIT_MS = 60_000;
const LONGEST_REASON = 100;

export type Answer = Outcome | 'too-large';

/**
 * Whether an answer may be about our key or contact instead of the subscription: Apple answers 403 BadJwtToken to
 * everybody's messages for a contact it does not like. Then the service is parked, and what waits is not lost.
 */
export function suspectOf(index: number, status: number, outcome: Outcome): Suspect | null {
  if ((status !== 401 && status !== 403) || outcome.kind !== 'refused') return null;
  const { reason } = outcome;
  const everybody = retry(`${reason}, from many: check our contact and VAPID key`, null, 'provider');
  return { index, reason, alone: outcome, together: everybody };
}

/** `retryAfterMs` is the answer's Retry-After, null without one. */
export function readAnswer(status: number, body: Buffer, retryAfterMs: number | null): Answer {
  switch (status) {
    // 201 created; 202 when a receipt was asked for; 200 and 204 of lenient services.
    case 200:
    case 201:
    case 202:
    case 204:
      return ACCEPTED;
    // Our key is not the subscription's, or the token is wrong: this browser must subscribe again.
    case 401:
    case 403:
      return refused(`vapid: ${describe(status, body)}`);
    // Unsubscribed, expired, or the browser was wiped.
    case 404:
    case 410:
      return gone(describe(status, body));
    case 413:
      return 'too-large';
    case 429:
      return retry(describe(status, body), retryAfterMs ?? RATE_LIMIT_MS);
    default:
  }
  // A failing service never costs a subscription: ntfy unsubscribed everybody at the first 503.
  if (status >= 500) return retry(describe(status, body), retryAfterMs);
  // 400: our mistake. 3xx: never followed, an endpoint must not send us to an address nobody vetted.
  return refused(describe(status, body));
}

/** The status and the service's own word for it: Apple's `reason`, Mozilla's `message`, Google's plain text. */
function describe(status: number, body: Buffer): string {
  const word = body.length > 0 ? wordOf(body.toString()) : '';
  return word === '' ? `status ${status}` : `status ${status} ${word}`;
}

function wordOf(text: string): string {
  if (text.trimStart().startsWith('<')) return '';
  return (jsonWord(text) ?? text).replace(/\s+/g, ' ').trim().slice(0, LONGEST_REASON);
}

function jsonWord(text: string): string | null {
  if (!text.startsWith('{')) return null;
  try {
    const { reason, message } = JSON.parse(text) as { reason?: unknown; message?: unknown };
    return [reason, message].find((word) => typeof word === 'string') ?? '';
  } catch {
    // Looks like JSON but is not: shown as it came.
    return null;
  }
}
