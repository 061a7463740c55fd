/** What administrators do with accounts. */
import { randomBytes } from 'node:crypto';
import { type Actor, type Change, difference } from '../audit/entry.ts';
import type { Passwords } from '../identity/passwords.ts';
import type { Queryable } from '../store/database.ts';
import { revokeTokensOf } from '../store/login-token.ts';
import { endCodes } from '../store/one-time-code.ts';
import { settleSubscriptions } from '../store/subscription.ts';
import {
  changeUser,
  createUser,
  deleteUser,
  findUser,
  hasOtherAdmin,
  setPasswordHash,
  type UserRecord,
} from '../store/user.ts';
import type { AdministrationDeps } from './deps.ts';

export interface AccountChange {
  readonly isActive?: boolean | null | undefined;
  readonly isAdmin?: boolean | null | undefined;
  readonly isAuditor?: boolean | null | undefined;
  readonly password?: string | undefined;
}

export interface NewAccount {
  readonly username: string;
  readonly isAdmin: boolean;
  readonly isAuditor: boolean;
}

export interface Accounts {
  /** Without a password one is made and returned. Null when the name is taken. */
  create(
    actor: Actor,
    account: NewAccount & { readonly password?: string | undefined },
  ): Promise<{ readonly user: UserRecord; readonly madePassword: string | null } | null>;
  change(
    actor: Actor,
    id: number,
    change: AccountChange,
  ): Promise<UserRecord | 'unknown' | 'last-administrator'>;
  /** Removes the account with its devices, subscriptions, logins, keys and inbox. */
  remove(actor: Actor, id: number): Promise<'removed' | 'unknown' | 'last-administrator'>;
}

export interface AccountDeps extends AdministrationDeps {
  readonly passwords: Pick<Passwords, 'hash'>;
}

const MADE_PASSWORD_BYTES = 12;

export function createAccounts(deps: AccountDeps): Accounts {
  return {
    async create(actor, { password, ...account }) {
      const madePassword =
        password === undefined ? randomBytes(MADE_PASSWORD_BYTES).toString('base64url') : null;
      const passwordHash = await deps.passwords.hash(password ?? madePassword ?? '');
      const user = await deps.audit.change(actor, (connection, note) =>
        createAccount(connection, note, account, passwordHash),
      );
      return user && { user, madePassword };
    },
    async change(actor, id, change) {
      const hash = change.password === undefined ? null : await deps.passwords.hash(change.password);
      return deps.audit.change(actor, async (connection, note) => {
        const leaves = change.isActive === false || change.isAdmin === false;
        if (leaves && (await isLastAdmin(connection, id))) return 'last-administrator' as const;
        const before = await findUser(connection, id);
        // Whose password is kept here is vouched for by nobody else.
        const origin = hash ? 'local' : null;
        const after = await changeUser(connection, id, { ...change, origin });
        if (!before || !after) return 'unknown' as const;
        if (hash) await setPasswordHash(connection, id, hash);
        if (hash || change.isActive === false) await endWaysIn(connection, id, new Date(deps.clock()));
        await settleSubscriptions(connection, { userId: id, serviceId: null });
        const changed = difference(describe(before), describe(after));
        note({
          ...about(after, 'user.change'),
          before: changed.before,
          after: { ...changed.after, ...(hash && { password: 'changed' }) },
        });
        return after;
      });
    },
    remove: (actor, id) =>
      deps.audit.change(actor, async (connection, note) => {
        if (await isLastAdmin(connection, id)) return 'last-administrator' as const;
        const before = await findUser(connection, id);
        if (!before || !(await deleteUser(connection, id))) return 'unknown' as const;
        note({ ...about(before, 'user.delete'), before: describe(before) });
        return 'removed' as const;
      }),
  };
}

/** In the caller's transaction. Null when the name is taken. */
export async function createAccount(
  connection: Queryable,
  note: (change: Change) => void,
  { username, isAdmin, isAuditor }: NewAccount,
  passwordHash: string | null,
): Promise<UserRecord | null> {
  const account = { username: username.toLowerCase(), passwordHash, isAdmin, isAuditor };
  const user = await createUser(connection, account);
  if (!user) return null;
  await settleSubscriptions(connection, { userId: user.id, serviceId: null });
  note({ ...about(user, 'user.create'), after: describe(user) });
  return user;
}

/** Logins, and links that would make one. */
async function endWaysIn(connection: Queryable, id: number, now: Date): Promise<void> {
  await revokeTokensOf(connection, id, now);
  await endCodes(connection, id, ['invitation', 'reset', 'pairing'], now);
}

const describe = ({ isActive, isAdmin, isAuditor, origin }: UserRecord) => ({
  isActive,
  isAdmin,
  isAuditor,
  origin,
});
const about = ({ id, username }: UserRecord, action: string) => ({
  action,
  subject: 'user',
  subjectId: String(id),
  subjectName: username,
});

async function isLastAdmin(connection: Queryable, id: number): Promise<boolean> {
  if (await hasOtherAdmin(connection, id)) return false;
  const user = await findUser(connection, id);
  return Boolean(user?.isAdmin && user.isActive);
}
