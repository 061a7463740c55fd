import type { LoginRecord } from '../../store/login-token.ts';

/** `currentId`: the login that asks, or null when somebody else does. */
export function presentSession(login: LoginRecord, currentId: string | null) {
  const { id, device, address, lastAddress } = login;
  return {
    id,
    device,
    address,
    lastAddress,
    createdAt: login.createdAt.toISOString(),
    lastUsedAt: login.lastUsedAt?.toISOString() ?? null,
    expiresAt: login.expiresAt.toISOString(),
    isCurrent: id === currentId,
  };
}
