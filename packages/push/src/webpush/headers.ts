import { createHash } from 'node:crypto';
import { collapseIdentity, type Notification } from '../notification.ts';
import { MOST_TTL_SECONDS } from './config.ts';

/** RFC 8030 §5.3. iOS shows only `high` promptly. */
const URGENCY = { low: 'low', normal: 'normal', high: 'high', critical: 'high' } as const;
/** RFC 8030 §5.4: at most 32 characters of the base64url alphabet. */
const TOPIC_LENGTH = 32;

/** Headers equal for all devices of a batch at one push service. `now` in ms since the epoch. */
export function headersOf(
  notification: Notification,
  authorization: string,
  now: number,
): readonly (readonly [string, string])[] {
  return [
    ['authorization', authorization],
    ['ttl', String(remainingSeconds(notification, now))],
    ['urgency', URGENCY[notification.priority]],
    ['topic', topicOf(notification)],
    ['content-encoding', 'aes128gcm'],
    ['content-type', 'application/octet-stream'],
  ];
}

/** Mandatory (RFC 8030 §5.2); 0 delivers now or never. What a retry has already waited does not count twice. */
function remainingSeconds({ ttlSeconds, timestamp }: Notification, now: number): number {
  const age = Math.max(0, Math.floor((now - timestamp) / 1_000));
  return Math.min(MOST_TTL_SECONDS, Math.max(0, ttlSeconds - age));
}

/** A message still undelivered is replaced by the next one with the same topic. */
function topicOf(notification: Notification): string {
  return createHash('sha256')
    .update(collapseIdentity(notification))
    .digest('base64url')
    .slice(0, TOPIC_LENGTH);
}
