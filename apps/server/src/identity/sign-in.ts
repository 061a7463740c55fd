/** Signing in: the password is proved, the account follows what was said of it, and a login token is given out. */
import { type Actor, difference, nobodyAt, personAt } from '../audit/entry.ts';
import type { Queryable } from '../store/database.ts';
import { storeToken } from '../store/login-token.ts';
import { settleSubscriptions, subscribeMembers } from '../store/subscription.ts';
import { changeUser, createUser, findUserByName, noteLogin, type UserRecord } from '../store/user.ts';
import { setExternalMemberships } from '../store/user-group.ts';
import type { SignIn } from './answers.ts';
import type { User } from './caller.ts';
import { askInOrder, type Proof } from './credential-check.ts';
import type { From, IdentityDeps } from './deps.ts';
import type { Entered } from './throttle.ts';

export async function signIn(
  deps: IdentityDeps,
  username: string,
  password: string,
  from: From,
): Promise<SignIn> {
  // An empty password proves nothing anywhere.
  if (!isName(username) || password === '') return { kind: 'refused' };
  const entry = await deps.throttle.enter(username, from.address);
  if (entry.kind === 'delayed') return entry;
  const proof = await prove(deps, entry, username, password);
  if (proof) return welcome(deps, await ensureUser(deps, username, proof), proof.by, from);
  deps.audit.refused(nobodyAt(from), { ...attempt(username), detail: 'wrong name or password' });
  return { kind: 'refused' };
}

/** An OpenID provider vouches for this name. */
export async function signInVouched(
  deps: IdentityDeps,
  username: string,
  proof: Proof,
  from: From,
): Promise<SignIn> {
  if (isName(username) && !(await isKeptHere(deps, username)))
    return welcome(deps, await ensureUser(deps, username, proof), proof.by, from);
  const detail = `the password of this account is kept here, so ${proof.by} cannot vouch for it`;
  deps.audit.refused(nobodyAt(from), { ...attempt(username), detail });
  return { kind: 'refused' };
}

// PostgreSQL cannot hold NUL, so nobody can be called that.
const isName = (username: string) => !username.includes('\0') && username.isWellFormed();
const attempt = (username: string) => ({
  action: 'session.create',
  subject: 'user',
  subjectName: username.toWellFormed().replaceAll('\0', '').slice(0, 256),
});

/** Also one that was invited and has no password yet, or whose password was taken away. */
async function isKeptHere({ database }: IdentityDeps, username: string): Promise<boolean> {
  const account = await findUserByName(database, username);
  return account !== null && (account.origin === 'local' || account.origin === 'demo');
}

async function prove(
  deps: IdentityDeps,
  entry: Entered,
  username: string,
  password: string,
): Promise<Proof | null> {
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

/** Gives out a login token, unless the account is deactivated. `by`: how the person proved who it is. */
export async function welcome(
  deps: IdentityDeps,
  record: UserRecord,
  by: string,
  from: From,
): Promise<SignIn> {
  const actor = personAt(record, from);
  const about = { ...attempt(record.username), subjectId: String(record.id) };
  if (!record.isActive) {
    deps.audit.refused(actor, { ...about, detail: 'the account is deactivated' });
    return { kind: 'inactive' };
  }
  const now = deps.clock();
  const { token, tokenId, expiresAt } = deps.tokens.issue(record.username, now);
  const { address } = from;
  const device = from.device.slice(0, 256);
  const isFirst = await deps.database.transaction(async (connection) => {
    // The account's row first: logins that come together wait for each other instead of deadlocking.
    const first = await noteLogin(connection, record.id, new Date(now), expiresAt);
    const login = { id: tokenId, userId: record.id, createdAt: new Date(now), expiresAt, device, address };
    await storeToken(connection, login);
    await deps.audit.append(connection, actor, { ...about, after: { by, device, session: tokenId } });
    return first;
  });
  return { kind: 'ok', token, expiresAt, user: toUser(record), isFirst };
}

/** Whoever another server vouches for gets an account at the first login; its roles and groups follow its word. */
async function ensureUser(deps: IdentityDeps, username: string, proof: Proof): Promise<UserRecord> {
  const found = await findUserByName(deps.database, username);
  // It says nothing of a person but the password.
  if (found && proof.by === 'local') return found;
  const actor: Actor = { kind: 'system', id: null, name: proof.by, address: '', requestId: null };
  return deps.audit.change(actor, async (connection, note) => {
    const isNamed = deps.adminUsers.has(username);
    const account = { username, passwordHash: null, isAdmin: isNamed, origin: proof.by };
    const created = await createUser(connection, account);
    const before = created ?? (await findUserByName(connection, username));
    if (!before) throw new Error('the account vanished while signing in');
    const after = (await changeUser(connection, before.id, saidOf(proof, isNamed))) ?? before;
    const about = { subject: 'user', subjectId: String(after.id), subjectName: username };
    if (created) note({ ...about, action: 'user.create', after: rolesOf(after) });
    else if (JSON.stringify(rolesOf(before)) !== JSON.stringify(rolesOf(after)))
      note({ ...about, action: 'user.change', ...difference(rolesOf(before), rolesOf(after)) });
    const groups = await followGroups(connection, after.id, proof);
    if (groups) note({ ...about, action: 'user.change-groups', after: groups });
    if (created || groups) await settleSubscriptions(connection, { userId: after.id, serviceId: null });
    return after;
  });
}

const rolesOf = ({ isAdmin, isAuditor, origin }: UserRecord) => ({ isAdmin, isAuditor, origin });

const saidOf = ({ by, isAdmin, isAuditor }: Proof, isNamed: boolean) => ({
  isAdmin: isAdmin === null ? null : isAdmin || isNamed,
  isAuditor,
  origin: by,
});

/** What was joined and left, or null when nothing was. */
async function followGroups(connection: Queryable, userId: number, { by, groups }: Proof) {
  if (groups === null || (by !== 'ldap' && by !== 'oidc')) return null;
  const { joined, left } = await setExternalMemberships(connection, userId, by, groups);
  for (const { id } of joined) await subscribeMembers(connection, id, { userId, serviceId: null });
  if (joined.length + left.length === 0) return null;
  return { joined: joined.map(({ name }) => name), left: left.map(({ name }) => name) };
}

function toUser({ id, username, isActive, isAdmin, isAuditor }: UserRecord): User {
  return { id, username, isActive, isAdmin, isAuditor };
}
