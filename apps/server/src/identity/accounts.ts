/** What administrators do with accounts. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Database, Queryable } from '../store/database.ts';
import { revokeTokensOf } from '../store/login-token.ts';
import {
  changeUser,
  createUser,
  deleteUser,
  findUser,
  hasOtherAdmin,
  setPasswordHash,
  type UserRecord,
} from '../store/user.ts';
import type { Passwords } from './passwords.ts';

export interface AccountChange {
  readonly isActive?: boolean | undefined;
  readonly isAdmin?: boolean | undefined;
  readonly password?: string | undefined;
}

export interface Accounts {
  /** Without a password one is made and returned. Null when the name is taken. */
  create(account: {
    readonly username: string;
    readonly password?: string | undefined;
    readonly isAdmin: boolean;
  }): Promise<{ readonly user: UserRecord; readonly madePassword: string | null } | null>;
  change(id: number, change: AccountChange): Promise<UserRecord | 'unknown' | 'last-administrator'>;
  /** Removes the account with its devices, subscriptions, logins and inbox. */
  remove(id: number): Promise<'removed' | 'unknown' | 'last-administrator'>;
}

export interface AccountDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly passwords: Pick<Passwords, 'hash'>;
  /** Logins may have ended or changed what they allow. */
  readonly onChanged: () => void;
}

const MADE_PASSWORD_BYTES = 12;

export function createAccounts({ database, clock, passwords, onChanged }: AccountDeps): Accounts {
  return {
    async create({ username, password, isAdmin }) {
      const madePassword =
        password === undefined ? randomBytes(MADE_PASSWORD_BYTES).toString('base64url') : null;
      const passwordHash = await passwords.hash(password ?? madePassword ?? '');
      const user = await createUser(database, { username: username.toLowerCase(), passwordHash, isAdmin });
      return user && { user, madePassword };
    },

    async change(id, change) {
      const passwordHash = change.password === undefined ? null : await passwords.hash(change.password);
      const result = await database.transaction(async (connection) => {
        const leaves = change.isActive === false || change.isAdmin === false;
        if (leaves && (await isLastAdmin(connection, id))) return 'last-administrator' as const;
        const { isActive = null, isAdmin = null } = change;
        const user = await changeUser(connection, id, { isActive, isAdmin });
        if (!user) return 'unknown' as const;
        if (passwordHash) await setPasswordHash(connection, id, passwordHash);
        if (passwordHash || change.isActive === false)
          await revokeTokensOf(connection, id, new Date(clock()));
        return user;
      });
      onChanged();
      return result;
    },

    async remove(id) {
      const result = await database.transaction(async (connection) => {
        if (await isLastAdmin(connection, id)) return 'last-administrator' as const;
        return (await deleteUser(connection, id)) ? ('removed' as const) : ('unknown' as const);
      });
      onChanged();
      return result;
    },
  };
}

async function isLastAdmin(connection: Queryable, id: number): Promise<boolean> {
  if (await hasOtherAdmin(connection, id)) return false;
  const user = await findUser(connection, id);
  return Boolean(user?.isAdmin && user.isActive);
}
