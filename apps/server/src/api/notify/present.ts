/** The Notify API's shapes, in the field order its clients were written against. */
import type { Notification } from '@tocsin/push';
import type { ServiceForUser, ServiceRecord } from '../../store/service.ts';
import type { UserRecord } from '../../store/user.ts';

export type Version = 1 | 2;

/**
 * UTC with exactly three digits and no zone. The iOS app crashes on a zone or on a missing fraction, the Android
 * app reads six digits as minutes (notify-api.md §1.10).
 */
export function presentTimestamp(at: Date): string {
  return at.toISOString().slice(0, 23);
}

export function presentUser(
  user: Pick<UserRecord, 'id' | 'username' | 'isActive' | 'isAdmin'>,
  tokens: readonly string[],
  version: Version,
) {
  const { id, username, isActive, isAdmin } = user;
  return {
    id,
    username,
    [version === 1 ? 'apn_tokens' : 'device_tokens']: tokens,
    is_active: isActive,
    is_admin: isAdmin,
  };
}

export function presentService({
  category,
  color,
  owner,
  id,
}: Pick<ServiceRecord, 'category' | 'color' | 'owner' | 'id'>) {
  return { category, color, owner, id };
}

export function presentUserService(service: ServiceForUser) {
  return { ...presentService(service), is_subscribed: service.isSubscribed };
}

type Message = Pick<Notification, 'title' | 'subtitle' | 'body' | 'url' | 'serviceId'>;

/** A notification published with only a body by API v3 shows it in the one text these clients have. */
export function presentNotification(message: Message, id: number, timestamp: Date) {
  return {
    title: message.title,
    subtitle: message.subtitle || message.body,
    url: message.url,
    id,
    timestamp: presentTimestamp(timestamp),
    service_id: message.serviceId,
  };
}
