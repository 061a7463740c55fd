import type { Removal } from '../api/types.ts';
import type { Texts } from '../texts/en.ts';

/** What goes with an account, a sentence each; what there is none of is left out. */
export function removalLines(removal: Removal, texts: Texts['deletion']): string[] {
  const { inboxEntries, unread, devices, subscriptions, logins, keys, groups, services } = removal;
  const counted = [
    inboxEntries > 0 && texts.inbox(inboxEntries, unread),
    devices > 0 && texts.devices(devices),
    subscriptions > 0 && texts.subscriptions(subscriptions),
    logins > 0 && texts.logins(logins),
    keys > 0 && texts.keys(keys),
    groups.length > 0 && texts.groups(groups.join(', ')),
  ];
  const alone = services.filter(({ isOnlyOwner }) => isOnlyOwner).map(({ category }) => category);
  return [...counted, alone.length > 0 && texts.services(alone.join(', '))].filter((line) => line !== false);
}
