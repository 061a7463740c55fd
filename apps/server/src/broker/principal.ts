/** Who is at the other end of a connection, found out once at CONNECT. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isStorable } from '@tocsin/contract';
import type { User } from '../identity/caller.ts';
import type { From } from '../identity/deps.ts';
import type { Publisher } from '../identity/publish-access.ts';
import type { Queryable } from '../store/database.ts';
import { findMqttDevice } from '../store/device.ts';
import { UUID } from './topics.ts';

export type Principal =
  | { readonly kind: 'device'; readonly deviceId: number; readonly userId: number; readonly address: string }
  | { readonly kind: 'user'; readonly user: MqttUser; readonly token: string }
  | { readonly kind: 'service'; readonly serviceId: string; readonly key: string }
  /** May publish where the policy of the service asks for no credentials. */
  | { readonly kind: 'anonymous' };

export type MqttUser = Pick<User, 'id' | 'username' | 'isAdmin'>;

export type MayPublish = (serviceId: string, publisher: Publisher) => Promise<boolean>;

/** The part of the identity room a broker needs. */
export interface TokenAuthentication {
  authenticate(
    authorization: string,
    place: Omit<From, 'device'>,
  ): Promise<
    { readonly kind: 'login'; readonly user: MqttUser } | { readonly kind: 'key' | 'inactive' | 'refused' }
  >;
}

export interface PrincipalDeps {
  readonly database: Queryable;
  readonly identity: TokenAuthentication;
  readonly mayPublish: MayPublish;
}

export interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** IP address of the client. */
  readonly address: string;
}

const NOBODY = createHash('sha256').digest('hex');

/** Device of that name whose password this is, or null. `passwordHash` is the hex SHA-256 of 32 random bytes. */
export async function authenticateDevice(database: Queryable, address: string, password: string) {
  const device = await findMqttDevice(database, address);
  const given = createHash('sha256').update(password).digest();
  const expected = Buffer.from(device?.passwordHash || NOBODY, 'hex');
  const matches = given.length === expected.length && timingSafeEqual(given, expected);
  return { isKnown: device !== null, device: matches ? device : null };
}

/** Null when the credentials are wrong. Rejects when the database is away. */
export async function findPrincipal(
  deps: PrincipalDeps,
  credentials: Credentials,
): Promise<Principal | null> {
  const { username, password = '', address } = credentials;
  if (username === undefined || username === '') return { kind: 'anonymous' };
  if (!isStorable(username)) return null;
  const { isKnown, device } = await authenticateDevice(deps.database, username, password);
  if (device) return { kind: 'device', deviceId: device.id, userId: device.userId, address: username };
  if (isKnown) return null;
  if (!UUID.test(username.toLowerCase())) return findUser(deps.identity, credentials);
  const serviceId = username.toLowerCase();
  const publisher = { address, key: password, user: null, isDisguised: false };
  const allowed = await deps.mayPublish(serviceId, publisher);
  return allowed ? { kind: 'service', serviceId, key: password } : null;
}

async function findUser(
  identity: TokenAuthentication,
  { username = '', password: token = '', address }: Credentials,
): Promise<Principal | null> {
  const found = await identity.authenticate(`Bearer ${token}`, { address, requestId: null });
  if (found.kind !== 'login' || found.user.username !== username.toLowerCase()) return null;
  return { kind: 'user', user: found.user, token };
}

/**
 * As it is now: null when the login of a connected user ended meanwhile. The others are looked at where they act.
 * `address` is the client's.
 */
export async function renewed(
  identity: TokenAuthentication,
  principal: Principal,
  address: string,
): Promise<Principal | null> {
  if (principal.kind !== 'user') return principal;
  const found = await identity.authenticate(`Bearer ${principal.token}`, { address, requestId: null });
  return found.kind === 'login' ? { ...principal, user: found.user } : null;
}
