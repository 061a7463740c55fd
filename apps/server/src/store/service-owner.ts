/** Who manages a service, and to which groups it is restricted. */
import type { Queryable } from './database.ts';
import type { GroupName } from './user-group.ts';

export function listOwners(
  connection: Queryable,
  serviceId: string,
): Promise<{ id: number; username: string }[]> {
  return connection.query(
    `select u.id, u.username from service_owner o join user_account u on u.id = o.user_id where o.service_id = $1 order by u.username`,
    [serviceId],
  );
}

export async function isOwner(connection: Queryable, serviceId: string, userId: number): Promise<boolean> {
  const rows = await connection.query(
    'select 1 from service_owner where service_id = $1 and user_id = $2',
    [serviceId, userId],
    'is-owner',
  );
  return rows.length > 0;
}

export async function addOwner(connection: Queryable, serviceId: string, userId: number): Promise<void> {
  await connection.query(
    'insert into service_owner (service_id, user_id) values ($1, $2) on conflict do nothing',
    [serviceId, userId],
  );
}

/** False when the user was no owner. */
export async function removeOwner(
  connection: Queryable,
  serviceId: string,
  userId: number,
): Promise<boolean> {
  const rows = await connection.query(
    'delete from service_owner where service_id = $1 and user_id = $2 returning 1',
    [serviceId, userId],
  );
  return rows.length > 0;
}

export function groupsOfService(connection: Queryable, serviceId: string): Promise<GroupName[]> {
  return connection.query(
    `select g.id, g.name from service_group r join user_group g on g.id = r.group_id where r.service_id = $1 order by g.name`,
    [serviceId],
  );
}

/** Exactly these; groups that do not exist violate a foreign key, so they are looked for before. */
export async function setServiceGroups(
  connection: Queryable,
  serviceId: string,
  groupIds: readonly number[],
): Promise<void> {
  await connection.query(
    `with gone as (delete from service_group where service_id = $1 and group_id <> all($2::bigint[]))
     insert into service_group (service_id, group_id) select $1, unnest($2::bigint[]) on conflict do nothing`,
    [serviceId, groupIds],
  );
}

export async function unknownGroups(connection: Queryable, ids: readonly number[]): Promise<number[]> {
  const rows = await connection.query<{ id: number }>(
    'select t.id from unnest($1::bigint[]) as t (id) where not exists (select from user_group g where g.id = t.id)',
    [ids],
  );
  return rows.map(({ id }) => id);
}
