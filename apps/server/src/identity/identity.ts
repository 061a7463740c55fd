/** Who somebody is: signing in, recognising a login, ending it. */
import type { Clock } from '../lib/clock.ts';
import type { Database } from '../store/database.ts';
import { isRevoked, revokeToken, revokeTokensOf, storeToken } from '../store/login-token.ts';
import {
  changeUser,
  createUser,
  findUserByName,
  noteLogin,
  setPasswordHash,
  type UserRecord,
} from '../store/user.ts';
import { askInOrder, type CredentialCheck, type OnVerdict } from './credential-check.ts';
import type { LoginTokens } from './login-tokens.ts';
import type { Passwords } from './passwords.ts';
import type { Entered, Throttle } from './throttle.ts';

export interface User {
  readonly id: number;
  readonly username: string;
  readonly isActive: boolean;
  readonly isAdmin: boolean;
}

export type SignIn =
  | {
      readonly kind: 'ok';
      readonly token: string;
      readonly expiresAt: Date;
      readonly user: User;
      readonly isFirst: boolean;
    }
  | { readonly kind: 'refused' }
  /** Too many failed before; the password was not looked at. */
  | { readonly kind: 'delayed'; readonly retryAfterSeconds: number };

export interface Login {
  readonly user: User;
  readonly tokenId: string;
}

/** `detail` is the Notify API's own text. */
export type Authentication =
  | ({ readonly kind: 'user' } & Login)
  | { readonly kind: 'inactive' }
  | { readonly kind: 'refused'; readonly detail: string };

export interface Identity {
  /** `address` is the client's, proxies already looked through. Throws `QueueFull` when too many want to sign in. */
  signIn(username: string, password: string, address: string): Promise<SignIn>;
  /** Another server vouches for this name. Refused when the account's password is kept here: it is not that server's. */
  signInVouched(username: string): Promise<SignIn>;
  /** Takes the Authorization header as it came. */
  authenticate(authorization: string | undefined): Promise<Authentication>;
  signOut(tokenId: string): Promise<void>;
  revokeAll(userId: number): Promise<void>;
  /** Ends every other login of the user. False when the current password is not right. */
  changePassword(login: Login, current: string, next: string): Promise<boolean>;
  /** Forgets what it remembers of tokens: another node revoked some. */
  forget(): void;
}

export interface IdentityDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly tokens: LoginTokens;
  readonly passwords: Passwords;
  readonly throttle: Throttle;
  /** Asked in this order. */
  readonly checks: readonly CredentialCheck[];
  readonly onVerdict: OnVerdict;
  /** Who is an administrator from the first sign-in on, when another server vouches for the account. */
  readonly adminUsers: ReadonlySet<string>;
  readonly onRevoked: () => void;
}

/** A recognised login is believed this long without asking the database: a revocation works within it everywhere. */
const REMEMBER_MS = 500;
const MOST_REMEMBERED = 10_000;

export function createIdentity(deps: IdentityDeps): Identity {
  const remembered = new Map<string, { at: number; result: Authentication }>();

  const recognise = async (token: string): Promise<Authentication> => {
    const claims = deps.tokens.read(token, deps.clock());
    if (typeof claims === 'string') return { kind: 'refused', detail: claims };
    const record = await findUserByName(deps.database, claims.username);
    if (!record) return { kind: 'refused', detail: `Unknown user ${claims.username}` };
    if (await isRevoked(deps.database, claims.tokenId))
      return { kind: 'refused', detail: 'Could not validate credentials' };
    return record.isActive
      ? { kind: 'user', user: toUser(record), tokenId: claims.tokenId }
      : { kind: 'inactive' };
  };

  const revoked = () => {
    remembered.clear();
    deps.onRevoked();
  };

  return {
    async authenticate(authorization) {
      const [scheme = '', token = ''] = (authorization ?? '').split(/ (.*)/s);
      if (scheme.toLowerCase() !== 'bearer') return { kind: 'refused', detail: 'Not authenticated' };
      const now = deps.clock();
      const known = remembered.get(token);
      // A clock that was set back must not keep a login alive.
      if (known && now >= known.at && now - known.at < REMEMBER_MS) return known.result;
      const result = await recognise(token);
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      if (result.kind === 'user') remembered.set(token, { at: now, result });
      else remembered.delete(token);
      return result;
    },
    signIn: (username, password, address) => signIn(deps, username.toLowerCase(), password, address),
    signInVouched: (username) => signInVouched(deps, username.toLowerCase()),
    async signOut(tokenId) {
      await revokeToken(deps.database, tokenId, new Date(deps.clock()));
      revoked();
    },
    async revokeAll(userId) {
      await revokeTokensOf(deps.database, userId, new Date(deps.clock()));
      revoked();
    },
    async changePassword({ user, tokenId }, current, next) {
      const record = await findUserByName(deps.database, user.username);
      if (!record || !(await deps.passwords.verify(record.passwordHash, current))) return false;
      const passwordHash = await deps.passwords.hash(next);
      // Whoever knew the old password may have signed in with it.
      await deps.database.transaction(async (connection) => {
        await setPasswordHash(connection, record.id, passwordHash);
        await revokeTokensOf(connection, record.id, new Date(deps.clock()), tokenId);
      });
      revoked();
      return true;
    },
    forget: () => remembered.clear(),
  };
}

async function signIn(
  deps: IdentityDeps,
  username: string,
  password: string,
  address: string,
): Promise<SignIn> {
  // An empty password proves nothing anywhere.
  if (!isName(username) || password === '') return { kind: 'refused' };
  const entry = await deps.throttle.enter(username, address);
  if (entry.kind === 'delayed') return entry;
  const proof = await prove(deps, entry, username, password);
  return proof ? welcome(deps, await ensureUser(deps, username, proof.isAdmin)) : { kind: 'refused' };
}

// PostgreSQL cannot hold NUL, so nobody can be called that.
const isName = (username: string) => !username.includes('\0') && username.isWellFormed();

async function signInVouched(deps: IdentityDeps, username: string): Promise<SignIn> {
  if (!isName(username) || (await isKeptHere(deps, username))) return { kind: 'refused' };
  return welcome(deps, await ensureUser(deps, username, null));
}

async function isKeptHere({ database }: IdentityDeps, username: string): Promise<boolean> {
  return Boolean((await findUserByName(database, username))?.passwordHash);
}

async function prove(deps: IdentityDeps, entry: Entered, username: string, password: string) {
  try {
    const isOurs = await isKeptHere(deps, username);
    const checks = deps.checks.filter(({ isOutside }) => !(isOutside && isOurs));
    const proof = await askInOrder(checks, username, password, deps.onVerdict);
    if (proof) await entry.succeed();
    return proof;
  } catch (error) {
    await entry.forgive();
    throw error;
  }
}

async function welcome(deps: IdentityDeps, record: UserRecord): Promise<SignIn> {
  const now = deps.clock();
  const { token, tokenId, expiresAt } = deps.tokens.issue(record.username, now);
  const isFirst = await deps.database.transaction(async (connection) => {
    // The account's row first: logins that come together wait for each other instead of deadlocking.
    const first = await noteLogin(connection, record.id, new Date(now), expiresAt);
    await storeToken(connection, { id: tokenId, userId: record.id, createdAt: new Date(now), expiresAt });
    return first;
  });
  return { kind: 'ok', token, expiresAt, user: toUser(record), isFirst };
}

/** Whoever a directory vouches for gets an account at the first login; who is an administrator may be its word too. */
async function ensureUser(
  { database, adminUsers }: IdentityDeps,
  username: string,
  saidAdmin: boolean | null,
): Promise<UserRecord> {
  const isNamed = adminUsers.has(username);
  const isAdmin = isNamed || saidAdmin === true;
  const created = await createUser(database, { username, passwordHash: null, isAdmin });
  const record = created ?? (await findUserByName(database, username));
  if (!record) throw new Error('the account vanished while signing in');
  if (saidAdmin === null || record.isAdmin === isAdmin) return record;
  return (await changeUser(database, record.id, { isActive: null, isAdmin })) ?? record;
}

function toUser({ id, username, isActive, isAdmin }: UserRecord): User {
  return { id, username, isActive, isAdmin };
}
