import { collapseIdentity, type Notification } from '../notification.ts';
import { cutBytes } from '../payload/truncate.ts';
import { MOST_COLLAPSE_BYTES } from './config.ts';

export type Headers = readonly (readonly [name: string, value: string])[];

/** As many notifications are on their way at a time; what falls out is built again. */
const MOST_KEPT = 64;

/** The headers of all of a notification's requests; the same array while nothing in them changed. */
export type HeaderBuilder = (notification: Notification, jwt: string | null) => Headers;

/** Equal headers are one array, also across batches: the HTTP/2 encoder knows a block by its identity. */
export function createHeaderBuilder(topic: string): HeaderBuilder {
  const kept = new Map<string, Headers>();
  return (notification, jwt) => {
    const headers = headersOf(notification, topic, jwt);
    const key = headers.map(([, value]) => value).join('\n');
    const known = kept.get(key);
    if (known) return known;
    const [oldest] = kept.keys();
    if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(key, headers);
    return headers;
  };
}

function headersOf(notification: Notification, topic: string, jwt: string | null): Headers {
  const { ttlSeconds, timestamp, priority } = notification;
  // 0 is "now or never"; anything else is when Apple stops trying, in seconds since the epoch.
  const expiration = ttlSeconds === 0 ? 0 : Math.floor(timestamp / 1_000) + ttlSeconds;
  return [
    ...(jwt === null ? [] : [['authorization', `bearer ${jwt}`] as const]),
    ['apns-topic', topic],
    ['apns-push-type', 'alert'],
    ['apns-priority', priority === 'low' ? '5' : '10'],
    ['apns-expiration', String(expiration)],
    ['apns-collapse-id', collapseIdOf(notification)],
  ];
}

/** At most 64 bytes of UTF-8, one character per byte as HTTP/2 clients take header values. */
function collapseIdOf(notification: Notification): string {
  // A control character or an outer space makes the whole request malformed (RFC 9113 §8.2.1).
  const text =
    collapseIdentity(notification)
      .replace(/\p{Cc}/gu, ' ')
      .trim() || notification.uuid;
  return Buffer.from(cutBytes(text, MOST_COLLAPSE_BYTES).trimEnd()).toString('latin1');
}
