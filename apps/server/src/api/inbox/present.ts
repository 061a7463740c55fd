import type { InboxItem } from '@tocsin/contract';
import type { InboxItem as StoredItem } from '../../store/inbox-item.ts';

export function presentInboxItem({ notification, isRead }: StoredItem): InboxItem {
  return {
    id: notification.id,
    uuid: notification.uuid,
    serviceId: notification.serviceId,
    category: notification.serviceName,
    color: notification.color,
    title: notification.title,
    subtitle: notification.subtitle,
    body: notification.body,
    url: notification.url,
    priority: notification.priority,
    actions: [...notification.actions],
    data: { ...notification.data },
    createdAt: new Date(notification.timestamp).toISOString(),
    isRead,
  };
}
