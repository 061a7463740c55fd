/** What administrators and owners do with services. */
import { randomUUID } from 'node:crypto';
import { type Actor, difference } from '../audit/entry.ts';
import type { Queryable } from '../store/database.ts';
import {
  createService,
  deleteService,
  findService,
  type NewService,
  type ServiceChange,
  type ServiceRecord,
  updateService,
} from '../store/service.ts';
import {
  addOwner,
  groupsOfService,
  listOwners,
  removeOwner,
  setServiceGroups,
} from '../store/service-owner.ts';
import { settleSubscriptions } from '../store/subscription.ts';
import { findUser } from '../store/user.ts';
import type { AdministrationDeps } from './deps.ts';

export interface Services {
  create(
    actor: Actor,
    service: Omit<NewService, 'id'> & { readonly groupIds?: readonly number[] },
  ): Promise<ServiceRecord>;
  /** Null when there is no such service. The groups must exist. */
  change(
    actor: Actor,
    id: string,
    change: ServiceChange & { readonly groupIds?: readonly number[] | undefined },
  ): Promise<ServiceRecord | null>;
  /** Removes it with its subscriptions, keys and notifications. False when there was none. */
  remove(actor: Actor, id: string): Promise<boolean>;
  /** False when there is no such user or service. */
  setOwner(actor: Actor, id: string, userId: number, isOwner: boolean): Promise<boolean>;
}

export function createServices({ audit }: AdministrationDeps): Services {
  return {
    create: (actor, { groupIds = [], ...service }) =>
      audit.change(actor, async (connection, note) => {
        const created = await createService(connection, { id: randomUUID(), ...service });
        await setServiceGroups(connection, created.id, groupIds);
        await settleSubscriptions(connection, { userId: null, serviceId: created.id });
        note({ ...about(created, 'service.create'), after: await describe(connection, created) });
        return created;
      }),
    change: (actor, id, { groupIds, ...change }) =>
      audit.change(actor, async (connection, note) => {
        const service = await findService(connection, id);
        if (!service) return null;
        const before = await describe(connection, service);
        const after = await updateService(connection, id, change);
        if (!after) return null;
        if (groupIds) await setServiceGroups(connection, id, groupIds);
        await settleSubscriptions(connection, { userId: null, serviceId: id });
        note({ ...about(after, 'service.change'), ...difference(before, await describe(connection, after)) });
        return after;
      }),
    remove: (actor, id) =>
      audit.change(actor, async (connection, note) => {
        const gone = await deleteService(connection, id);
        if (gone) note({ ...about(gone, 'service.delete'), before: visible(gone) });
        return gone !== null;
      }),
    setOwner: (actor, id, userId, isOwner) =>
      audit.change(actor, async (connection, note) => {
        const [service, user] = [await findService(connection, id), await findUser(connection, userId)];
        if (!service || !user) return false;
        const before = await listOwners(connection, id);
        if (isOwner) await addOwner(connection, id, userId);
        else if (!(await removeOwner(connection, id, userId))) return false;
        await settleSubscriptions(connection, { userId, serviceId: id });
        const after = await listOwners(connection, id);
        note({
          ...about(service, 'service.change-owners'),
          before: { owners: names(before) },
          after: { owners: names(after) },
        });
        return true;
      }),
  };
}

const names = (users: readonly { readonly username: string }[]) => users.map(({ username }) => username);
const visible = ({ category, color, owner, publishPolicy, isRestricted, isMandatory }: ServiceRecord) => ({
  category,
  color,
  owner,
  publishPolicy,
  isRestricted,
  isMandatory,
});
const about = ({ id, category }: ServiceRecord, action: string) => ({
  action,
  subject: 'service',
  subjectId: id,
  subjectName: category,
});

async function describe(connection: Queryable, service: ServiceRecord) {
  const groups = await groupsOfService(connection, service.id);
  return { ...visible(service), groups: groups.map(({ name }) => name) };
}
