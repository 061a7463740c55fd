/** Who is asking, and what that lets them do. Pure: the one place where roles and scopes meet. */
import type { Scope } from '../store/access-key.ts';

export interface User {
  readonly id: number;
  readonly username: string;
  readonly isActive: boolean;
  readonly isAdmin: boolean;
  /** May read everything and change nothing but the own account. */
  readonly isAuditor: boolean;
}

/** A person that signed in. */
export interface Login {
  readonly kind: 'login';
  readonly user: User;
  readonly tokenId: string;
}

export interface KeyUse {
  readonly kind: 'key';
  readonly keyId: number;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The service whose key it is; null for a personal key. */
  readonly serviceId: string | null;
  /** The person whose key it is; null for a service's. */
  readonly user: User | null;
  /** Null: not limited. */
  readonly serviceIds: readonly string[] | null;
  readonly monitorIds: readonly number[] | null;
}

export type Caller = Login | KeyUse;

/**
 * What a request needs. `login`: a person, not a program that holds a key; `own-read` and `own-write`: the caller's
 * own things; `review`: read what is everybody's; `manage`: change a service, whose owners are asked for later.
 */
export type Need = 'login' | 'own-read' | 'own-write' | 'review' | 'manage' | 'admin';

/** A key is never more than its person, and never more than its scopes; `admin` includes the others. */
export function may(caller: Caller, need: Need): boolean {
  const { user } = caller;
  if (!user) return false;
  const isAdminKey = caller.kind === 'login' || caller.scopes.includes('admin');
  const mayRead = isAdminKey || caller.scopes.includes('read');
  switch (need) {
    case 'login':
      return caller.kind === 'login';
    case 'own-read':
      return mayRead;
    case 'own-write':
    case 'manage':
      return isAdminKey;
    case 'review':
      return mayRead && (user.isAdmin || user.isAuditor);
    case 'admin':
      return isAdminKey && user.isAdmin;
  }
}

/** Whether a key may publish to a service, given who owns it. */
export function mayPublishWith(key: KeyUse, serviceId: string, ownerIds: readonly number[]): boolean {
  if (key.serviceId !== null) return key.serviceId === serviceId && key.scopes.includes('publish');
  const isInScope = key.scopes.includes('admin') || key.scopes.includes('publish');
  const isListed = key.serviceIds === null || key.serviceIds.includes(serviceId);
  return isInScope && isListed && isPublisher(key.user, ownerIds);
}

/** Administrators and the owners of a service publish to it whatever its policy. */
export function isPublisher(user: Pick<User, 'id' | 'isAdmin'> | null, ownerIds: readonly number[]): boolean {
  return user !== null && (user.isAdmin || ownerIds.includes(user.id));
}
