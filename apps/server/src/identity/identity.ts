/** Who somebody is: signing in, recognising a login or a key. */
import { revokeTokensOf } from '../store/login-token.ts';
import { findUser, setPasswordHash } from '../store/user.ts';
import type { Authentication, PasswordAnswer, SignIn } from './answers.ts';
import type { Login, User } from './caller.ts';
import type { Vouched } from './credential-check.ts';
import type { From, IdentityDeps } from './deps.ts';
import { createRecogniser } from './recognise.ts';
import { actorOf, signIn, signInVouched, welcome } from './sign-in.ts';

export interface Identity {
  /** Throws `QueueFull` when too many want to sign in. */
  signIn(username: string, password: string, from: From): Promise<SignIn>;
  /** An OpenID provider vouches for this name. Refused when the account's password is kept here: it is not that server's. */
  signInVouched(username: string, said: Vouched, from: From): Promise<SignIn>;
  /** Somebody proved otherwise to be this user: by a one-time code. */
  signInAs(userId: number, from: From): Promise<SignIn>;
  /** Takes the Authorization header as it came. A key is nobody's login: ask `may`. */
  authenticate(authorization: string | undefined, from: From): Promise<Authentication>;
  /** Ends every other login of the user. */
  changePassword(login: Login, current: string, next: string, from: From): Promise<PasswordAnswer>;
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
    forget: () => deps.memory.forget(),
  };
}

async function changePassword(
  deps: IdentityDeps,
  { user, tokenId }: Login,
  { current, next }: { readonly current: string; readonly next: string },
  from: From,
): Promise<PasswordAnswer> {
  const entry = await deps.throttle.enter(user.username, from.address);
  if (entry.kind === 'delayed') return entry;
  const actor = actorOf(user, from);
  const record = await findUser(deps.database, user.id);
  if (!record || !(await deps.passwords.verify(record.passwordHash, current))) {
    deps.audit.refused(actor, { ...passwordOf(user), detail: 'the current password is not right' });
    return { kind: 'wrong' };
  }
  await entry.succeed();
  const passwordHash = await deps.passwords.hash(next);
  // Whoever knew the old password may have signed in with it.
  await deps.audit.change(actor, async (connection, note) => {
    await setPasswordHash(connection, record.id, passwordHash);
    await revokeTokensOf(connection, record.id, new Date(deps.clock()), tokenId);
    note(passwordOf(user));
  });
  return { kind: 'changed' };
}

const passwordOf = ({ id, username }: User) => ({
  action: 'user.change-password',
  subject: 'user',
  subjectId: String(id),
  subjectName: username,
});
