/** Groups of users, their members and what they are subscribed to. */
import type { Actor, Change } from '../audit/entry.ts';
import type { Queryable } from '../store/database.ts';
import { findService } from '../store/service.ts';
import { settleSubscriptions, subscribeMembers } from '../store/subscription.ts';
import { findUser, type UserRecord } from '../store/user.ts';
import {
  addGroupSubscription,
  addMember,
  createGroup,
  deleteGroup,
  findGroup,
  type GroupRecord,
  removeGroupSubscription,
  removeGroupSubscriptions,
  removeMember,
  renameGroup,
} from '../store/user-group.ts';
import type { AdministrationDeps } from './deps.ts';

export interface Groups {
  /** Null when the name, or the name elsewhere, is taken. */
  create(
    actor: Actor,
    group: Pick<GroupRecord, 'name' | 'source' | 'externalName'>,
  ): Promise<GroupRecord | null>;
  rename(actor: Actor, id: number, name: string): Promise<GroupRecord | 'unknown' | 'taken'>;
  /** What it gave its members ends with it. False when there was none. */
  remove(actor: Actor, id: number): Promise<boolean>;
  /** `external`: who belongs to it is decided elsewhere. */
  setMember(
    actor: Actor,
    id: number,
    userId: number,
    isMember: boolean,
  ): Promise<'done' | 'unknown-group' | 'unknown-user' | 'external'>;
  setSubscription(
    actor: Actor,
    id: number,
    serviceId: string,
    subscribed: boolean,
  ): Promise<'done' | 'unknown-group' | 'unknown-service'>;
}

export function createGroups({ audit }: AdministrationDeps): Groups {
  return {
    create: (actor, group) =>
      audit.change(actor, async (connection, note) => {
        const created = await createGroup(connection, group);
        const { source, externalName } = group;
        if (created) note({ ...about(created, 'group.create'), after: { source, externalName } });
        return created;
      }),
    rename: (actor, id, name) =>
      audit.change(actor, async (connection, note) => {
        const before = await findGroup(connection, id);
        if (!before) return 'unknown' as const;
        const after = await renameGroup(connection, id, name);
        if (!after) return 'taken' as const;
        note({ ...about(after, 'group.change'), before: { name: before.name }, after: { name } });
        return after;
      }),
    remove: (actor, id) =>
      audit.change(actor, async (connection, note) => {
        const group = await findGroup(connection, id);
        if (!group) return false;
        const everything = { userId: null, serviceId: null };
        // While it is still known which subscriptions the group gave.
        await removeGroupSubscriptions(connection, id);
        await settleSubscriptions(connection, everything);
        await deleteGroup(connection, id);
        await settleSubscriptions(connection, everything);
        note({ ...about(group, 'group.delete'), before: { members: group.members } });
        return true;
      }),
    setMember: (actor, id, userId, isMember) =>
      audit.change(actor, async (connection, note) => {
        const [group, user] = [await findGroup(connection, id), await findUser(connection, userId)];
        if (!group) return 'unknown-group' as const;
        if (!user) return 'unknown-user' as const;
        if (group.source !== 'local') return 'external' as const;
        await setMember(connection, note, { group, user, isMember });
        return 'done' as const;
      }),
    setSubscription: (actor, id, serviceId, subscribed) =>
      audit.change(actor, async (connection, note) => {
        const [group, service] = [await findGroup(connection, id), await findService(connection, serviceId)];
        if (!group) return 'unknown-group' as const;
        if (!service) return 'unknown-service' as const;
        if (!(await changeRule(connection, id, serviceId, subscribed))) return 'done' as const;
        const action = subscribed ? 'group.subscribe' : 'group.unsubscribe';
        note({ ...about(group, action), after: { service: service.category, serviceId } });
        return 'done' as const;
      }),
  };
}

const about = ({ id, name }: GroupRecord, action: string) => ({
  action,
  subject: 'group',
  subjectId: String(id),
  subjectName: name,
});

/** In the caller's transaction; the group must be one of this server. */
export async function setMember(
  connection: Queryable,
  note: (change: Change) => void,
  {
    group,
    user,
    isMember,
  }: { readonly group: GroupRecord; readonly user: UserRecord; readonly isMember: boolean },
): Promise<void> {
  if (!(await changeMember(connection, group.id, user.id, isMember))) return;
  const action = isMember ? 'group.add-member' : 'group.remove-member';
  note({ ...about(group, action), [isMember ? 'after' : 'before']: { member: user.username } });
}

/** False when it is as wanted already. */
async function changeMember(
  connection: Queryable,
  groupId: number,
  userId: number,
  isMember: boolean,
): Promise<boolean> {
  const scope = { userId, serviceId: null };
  const change = isMember ? addMember : removeMember;
  if (!(await change(connection, groupId, userId))) return false;
  if (isMember) await subscribeMembers(connection, groupId, scope);
  await settleSubscriptions(connection, scope);
  return true;
}

/** False when it is as wanted already. */
async function changeRule(
  connection: Queryable,
  groupId: number,
  serviceId: string,
  subscribed: boolean,
): Promise<boolean> {
  const scope = { userId: null, serviceId };
  const change = subscribed ? addGroupSubscription : removeGroupSubscription;
  if (!(await change(connection, groupId, serviceId))) return false;
  if (subscribed) await subscribeMembers(connection, groupId, scope);
  else await settleSubscriptions(connection, scope);
  return true;
}
