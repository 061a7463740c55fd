/** Groups of users: made here, or named by the directory or the OpenID provider. */
import type { Queryable } from './database.ts';

export type GroupSource = 'local' | 'ldap' | 'oidc';

export interface GroupName {
  readonly id: number;
  readonly name: string;
}

export interface GroupRecord extends GroupName {
  readonly source: GroupSource;
  readonly externalName: string | null;
  readonly members: number;
}

const COLUMNS = `g.id, g.name, g.source, g.external_name as "externalName",
  (select count(*) from group_member m where m.group_id = g.id) as members`;

export function listGroups(connection: Queryable): Promise<GroupRecord[]> {
  return connection.query<GroupRecord>(`select ${COLUMNS} from user_group g order by g.name`);
}

export async function findGroup(connection: Queryable, id: number): Promise<GroupRecord | null> {
  const [row] = await connection.query<GroupRecord>(`select ${COLUMNS} from user_group g where g.id = $1`, [
    id,
  ]);
  return row ?? null;
}

/** Null when the name, or the name elsewhere, is taken. */
export async function createGroup(
  connection: Queryable,
  group: Pick<GroupRecord, 'name' | 'source' | 'externalName'>,
): Promise<GroupRecord | null> {
  const [row] = await connection.query<GroupRecord>(
    `insert into user_group as g (name, source, external_name) values ($1, $2, $3) on conflict do nothing returning ${COLUMNS}`,
    [group.name, group.source, group.externalName],
  );
  return row ?? null;
}

/** Null when the name is taken. */
export async function renameGroup(
  connection: Queryable,
  id: number,
  name: string,
): Promise<GroupRecord | null> {
  const [row] = await connection.query<GroupRecord>(
    `update user_group g set name = $2 where g.id = $1
       and not exists (select from user_group o where o.name = $2 and o.id <> $1) returning ${COLUMNS}`,
    [id, name],
  );
  return row ?? null;
}

export async function deleteGroup(connection: Queryable, id: number): Promise<void> {
  await connection.query('delete from user_group where id = $1', [id]);
}

export interface GroupMember {
  readonly id: number;
  readonly username: string;
}

export function listMembers(connection: Queryable, groupId: number): Promise<GroupMember[]> {
  return connection.query<GroupMember>(
    `select u.id, u.username from group_member m join user_account u on u.id = m.user_id where m.group_id = $1 order by u.username`,
    [groupId],
  );
}

/** False when the user was a member already. */
export async function addMember(connection: Queryable, groupId: number, userId: number): Promise<boolean> {
  const rows = await connection.query(
    'insert into group_member (group_id, user_id) values ($1, $2) on conflict do nothing returning 1',
    [groupId, userId],
  );
  return rows.length > 0;
}

/** False when the user was no member. */
export async function removeMember(connection: Queryable, groupId: number, userId: number): Promise<boolean> {
  const rows = await connection.query(
    'delete from group_member where group_id = $1 and user_id = $2 returning 1',
    [groupId, userId],
  );
  return rows.length > 0;
}

/**
 * Makes the user a member of exactly those groups of a source that have one of these names there; names that no group
 * has count for nothing. Returns the names of the groups that were joined and left.
 */
export async function setExternalMemberships(
  connection: Queryable,
  userId: number,
  source: Exclude<GroupSource, 'local'>,
  externalNames: readonly string[],
): Promise<{ readonly joined: GroupName[]; readonly left: GroupName[] }> {
  const names = externalNames.map((name) => name.toLowerCase());
  const rows = await connection.query<GroupName & { joined: boolean }>(
    `with wanted as (select id, name from user_group where source = $2 and lower(external_name) = any($3::text[])),
     gone as (
       delete from group_member m using user_group g where m.user_id = $1 and g.id = m.group_id and g.source = $2
         and g.id not in (select id from wanted) returning g.id, g.name
     ),
     fresh as (
       insert into group_member (group_id, user_id) select id, $1 from wanted on conflict do nothing returning group_id
     )
     select true as joined, w.id, w.name from fresh f join wanted w on w.id = f.group_id
     union all select false, id, name from gone`,
    [userId, source, names],
  );
  const those = (joined: boolean) =>
    rows.filter((row) => row.joined === joined).map(({ id, name }) => ({ id, name }));
  return { joined: those(true), left: those(false) };
}

export function listGroupSubscriptions(
  connection: Queryable,
  groupId: number,
): Promise<{ serviceId: string }[]> {
  return connection.query('select service_id as "serviceId" from group_subscription where group_id = $1', [
    groupId,
  ]);
}

/** False when the group had that rule already. */
export async function addGroupSubscription(
  connection: Queryable,
  groupId: number,
  serviceId: string,
): Promise<boolean> {
  const rows = await connection.query(
    'insert into group_subscription (group_id, service_id) values ($1, $2) on conflict do nothing returning 1',
    [groupId, serviceId],
  );
  return rows.length > 0;
}

/** False when the group had no such rule. */
export async function removeGroupSubscription(
  connection: Queryable,
  groupId: number,
  serviceId: string,
): Promise<boolean> {
  const rows = await connection.query(
    'delete from group_subscription where group_id = $1 and service_id = $2 returning 1',
    [groupId, serviceId],
  );
  return rows.length > 0;
}

export async function removeGroupSubscriptions(connection: Queryable, groupId: number): Promise<void> {
  await connection.query('delete from group_subscription where group_id = $1', [groupId]);
}
