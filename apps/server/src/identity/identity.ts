/** Who somebody is: signing in, recognising a login or a key. */
import type { Change } from '../audit/entry.ts';
import { type Place, personAt } from '../audit/entry.ts';
import { revokeTokensOf } from '../store/login-token.ts';
import { findUser, setPasswordHash } from '../store/user.ts';
import type { Authentication, Delayed, PasswordAnswer, SignIn } from './answers.ts';
import type { Login, User } from './caller.ts';
import type { Vouched } from './credential-check.ts';
import type { From, IdentityDeps } from './deps.ts';
import { createRecogniser } from './recognise.ts';
import { signIn, signInVouched, welcome } from './sign-in.ts';

export interface Identity {
  /** Throws `QueueFull` when too many want to sign in. */
  signIn(username: string, password: string, from: From): Promise<SignIn>;
  /** An OpenID provider vouches for this name. Refused when the account's password is kept here: it is not that server's. */
  signInVouched(username: string, said: Vouched, from: From): Promise<SignIn>;
  /** Somebody proved otherwise to be this user: by a one-time code. */
  signInAs(userId: number, from: From): Promise<SignIn>;
  /** Takes the Authorization header as it came. A key is nobody's login: ask `may`. */
  authenticate(authorization: string | undefined, place: Place): Promise<Authentication>;
  /** Ends every other login of the user. */
  changePassword(login: Login, current: string, next: string, from: From): Promise<PasswordAnswer>;
  /** Whether that is the password of the account; also right where another server keeps it. Guesses are slowed down. */
  confirmPassword(user: User, password: string, from: From): Promise<'right' | 'wrong' | Delayed>;
  /** Forgets what it remembers: another node changed something. */
  forget(): void;
}

export function createIdentity(deps: IdentityDeps): Identity {
  return {
    signIn: (username, password, from) => signIn(deps, username.toLowerCase(), password, from),
    signInVouched: (username, said, from) =>
      signInVouched(deps, username.toLowerCase(), { by: 'oidc', ...said }, from),
    async signInAs(userId, from) {
      const record = await findUser(deps.database, userId);
      return record ? welcome(deps, record, 'code', from) : { kind: 'refused' };
    },
    authenticate: createRecogniser(deps),
    changePassword: (login, current, next, from) => changePassword(deps, login, { current, next }, from),
    confirmPassword: (user, password, from) => confirmPassword(deps, user, password, from),
    forget: () => deps.memory.forget(),
  };
}

async function changePassword(
  deps: IdentityDeps,
  { user, tokenId }: Login,
  { current, next }: { readonly current: string; readonly next: string },
  from: From,
): Promise<PasswordAnswer> {
  const about = aboutOf(user, 'user.change-password');
  const proven = await prove(deps, { user, password: current, from, about });
  if (proven !== 'right') return proven === 'wrong' ? { kind: 'wrong' } : proven;
  const passwordHash = await deps.passwords.hash(next);
  // Whoever knew the old password may have signed in with it.
  await deps.audit.change(personAt(user, from), async (connection, note) => {
    await setPasswordHash(connection, user.id, passwordHash);
    await revokeTokensOf(connection, user.id, new Date(deps.clock()), tokenId);
    note(about);
  });
  return { kind: 'changed' };
}

async function confirmPassword(deps: IdentityDeps, user: User, password: string, from: From) {
  const record = await findUser(deps.database, user.id);
  // Nothing to compare with: the login itself is all that there is.
  if (record && record.passwordHash === null) return 'right' as const;
  return prove(deps, { user, password, from, about: aboutOf(user, 'user.confirm-password') });
}

interface Proving {
  readonly user: User;
  readonly password: string;
  readonly from: From;
  readonly about: Change;
}

async function prove(
  deps: IdentityDeps,
  { user, password, from, about }: Proving,
): Promise<'right' | 'wrong' | Delayed> {
  const entry = await deps.throttle.enter(user.username, from.address);
  if (entry.kind === 'delayed') return entry;
  const record = await findUser(deps.database, user.id);
  if (record && (await deps.passwords.verify(record.passwordHash, password))) {
    await entry.succeed();
    return 'right';
  }
  deps.audit.refused(personAt(user, from), { ...about, detail: 'the current password is not right' });
  return 'wrong';
}

const aboutOf = ({ id, username }: User, action: string): Change => ({
  action,
  subject: 'user',
  subjectId: String(id),
  subjectName: username,
});
