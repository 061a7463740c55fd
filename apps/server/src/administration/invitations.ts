/** Inviting somebody: the account without a password, its groups and the link are made together. */
import type { Actor } from '../audit/entry.ts';
import type { UserRecord } from '../store/user.ts';
import { findGroup, type GroupRecord } from '../store/user-group.ts';
import { createAccount, type NewAccount } from './accounts.ts';
import type { AdministrationDeps } from './deps.ts';
import { setMember } from './groups.ts';
import { type GivenCode, makeCode } from './one-time-codes.ts';

export interface Invited {
  readonly user: UserRecord;
  readonly given: GivenCode;
}

export interface Invitations {
  /** The groups must exist; `external-group`: who belongs to one of them is decided elsewhere. */
  invite(
    actor: Actor,
    account: NewAccount,
    groupIds: readonly number[],
  ): Promise<Invited | 'user-exists' | 'external-group'>;
}

export function createInvitations(deps: AdministrationDeps): Invitations {
  return {
    invite: (actor, account, groupIds) =>
      deps.audit.change(actor, async (connection, note) => {
        const found: GroupRecord[] = [];
        for (const id of groupIds)
          found.push(...[await findGroup(connection, id)].filter((group) => group !== null));
        if (found.some(({ source }) => source !== 'local')) return 'external-group' as const;
        const user = await createAccount(connection, note, account, null);
        if (!user) return 'user-exists' as const;
        for (const group of found) await setMember(connection, note, { group, user, isMember: true });
        const given = await makeCode(deps, connection, actor, 'invitation', user.id);
        note({
          action: 'invitation.create',
          subject: 'user',
          subjectId: String(user.id),
          subjectName: user.username,
          after: { expiresAt: given.expiresAt.toISOString() },
        });
        return { user, given };
      }),
  };
}
