import type { KeyRecord } from '../../store/access-key.ts';

/** `text` is known only at the moment a key is made. */
export function presentKey(key: KeyRecord, text?: string) {
  const { id, name, prefix, scopes, serviceIds, monitorIds, lastAddress, replacedBy } = key;
  return {
    id,
    name,
    prefix,
    scopes: [...scopes],
    serviceIds: serviceIds && [...serviceIds],
    monitorIds: monitorIds && [...monitorIds],
    createdAt: key.createdAt.toISOString(),
    expiresAt: key.expiresAt?.toISOString() ?? null,
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    lastAddress,
    replacedBy,
    ...(text !== undefined && { key: text }),
  };
}
