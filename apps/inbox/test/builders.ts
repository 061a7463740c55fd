import type { InboxItem, Service } from '../src/api/types.ts';

export function aService(given: Partial<Service> = {}): Service {
  return {
    id: '00000000-0000-4000-8000-000000000001',
    category: 'Backups',
    color: '1b998b',
    owner: 'IT',
    isSubscribed: true,
    publishPolicy: 'open',
    isRestricted: false,
    isMandatory: false,
    isOwned: false,
    ...given,
  };
}

export function anItem(given: Partial<InboxItem> = {}): InboxItem {
  return {
    id: 1,
    uuid: '00000000-0000-4000-8000-000000000002',
    serviceId: '00000000-0000-4000-8000-000000000001',
    category: 'Backups',
    color: '1b998b',
    title: 'Backup finished',
    subtitle: '',
    body: '',
    url: '',
    priority: 'normal',
    actions: [],
    data: {},
    createdAt: '2026-01-02T03:04:05.000Z',
    isRead: false,
    ...given,
  };
}
