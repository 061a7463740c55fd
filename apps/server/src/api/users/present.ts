import type { UserRecord } from '../../store/user.ts';

/** `password` is known only at the moment the server makes one. */
export function presentAccount(user: UserRecord, password?: string) {
  const { id, username, isActive, isAdmin, isAuditor, origin, createdAt, firstLoginAt } = user;
  return {
    id,
    username,
    isActive,
    isAdmin,
    isAuditor,
    origin,
    createdAt: createdAt.toISOString(),
    firstLoginAt: firstLoginAt?.toISOString() ?? null,
    ...(password !== undefined && { password }),
  };
}
