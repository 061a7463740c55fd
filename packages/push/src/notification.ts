export type Priority = 'low' | 'normal' | 'high' | 'critical';

/** A button on the notification. `id` is reported back when it is pressed. */
export interface NotificationAction {
  readonly id: string;
  readonly title: string;
  readonly url?: string;
}

/** The neutral notification: what is said, independent of how a provider wants to hear it. */
export interface Notification {
  /** The server's number; shown to phones, which need an integer. */
  readonly id: number;
  /** Canonical lower-case UUID; base of every provider-side identity (apns-id, tag, Topic). */
  readonly uuid: string;
  readonly serviceId: string | null;
  readonly serviceName: string;
  /** Six hex digits without `#`. */
  readonly color: string;
  readonly title: string;
  readonly subtitle: string;
  readonly body: string;
  readonly url: string;
  readonly priority: Priority;
  /** Seconds after `timestamp` during which a provider may still deliver; 0 = now or never. */
  readonly ttlSeconds: number;
  /** Chosen by the publisher: a later notification with the same key replaces this one. */
  readonly collapseKey: string | null;
  readonly actions: readonly NotificationAction[];
  readonly data: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly timestamp: number;
}

/** Longest title and subtitle handed to a provider, in UTF-16 units: what Notify's phones were always given. */
export const SHORT_TEXT_LIMIT = 256;

/**
 * The identity a repeat must carry so that it replaces on the screen instead of showing twice:
 * the publisher's key, else one derived from the notification. At most 64 bytes (apns-collapse-id).
 */
export function collapseIdentity(notification: Notification): string {
  return notification.collapseKey ?? notification.uuid;
}
