/** What a push service's answers mean (RFC 8030 §5, §7; Mozilla autopush "HTTP endpoints for notifications"). */
import { ACCEPTED, gone, type Outcome, refused, retry } from '../outcome.ts';

const RATE_MS = 60_000;

export function readAnswer(status: number, retryAfterMs: number | null): Outcome {
  switch (status) {
    // 201 created; 202 when a receipt was asked for; 200 and 204 of lenient services.
    case 200:
    case 201:
    case 202:
    case 204:
      return ACCEPTED;
    // The subscription is gone: the browser unsubscribed or was wiped.
    case 404:
    case 410:
      return gone(`status ${status}`);
    // The key does not match the subscription's; the browser must subscribe again.
    case 401:
    case 403:
      return refused(`vapid (status ${status})`);
    case 413:
      return refused('payload too large');
    case 429:
      return retry('rate limited', retryAfterMs ?? RATE_MS);
    default:
  }
  // A failing service never costs a subscription.
  if (status >= 500) return retry(`status ${status}`, retryAfterMs);
  // 3xx is not followed: an endpoint must not send us elsewhere. Other 4xx are our mistakes.
  return refused(`status ${status}`);
}
