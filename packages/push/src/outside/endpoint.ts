/** The rules for URLs that come from somebody else, in one place: for registering, for sending, for asking. */
import type { AddressGuard } from './address-guard.ts';

/**
 * The parsed URL, or what is wrong with it as a sentence that repeats no path. Names are not resolved: that is the
 * guard's lookup's part, when the connection is made. Plain http only to hosts of the allow list: servers on a LAN
 * often have no certificate.
 */
export function readEndpoint(text: string, guard: AddressGuard): URL | string {
  // The parser drops or rewrites these in silence, so that two programs read two addresses out of one text.
  if (/[\p{Cc}\s\\]/u.test(text)) return 'the endpoint contains blanks, control characters or backslashes';
  if (!URL.canParse(text)) return 'the endpoint is not a URL';
  const url = new URL(text);
  const { protocol, hostname } = url;
  const isPlain = protocol === 'http:' && guard.isAllowed(hostname);
  if (!(protocol === 'https:' || isPlain) || !/^https?:\/\/[^/?#]/i.test(text)) {
    return 'the endpoint does not start with https://';
  }
  // Also when they are empty.
  if (/^[^/]*\/\/[^/?#]*@/.test(text)) return 'the endpoint contains a user name or password';
  if (text.includes('#')) return 'the endpoint has a fragment';
  if (url.port === '0') return 'the endpoint has no port that can be reached';
  return guard.checkHost(hostname) ?? url;
}
