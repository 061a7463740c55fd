/** Services: the categories people subscribe to. */
import type { Queryable } from './database.ts';

export type PublishPolicy = 'open' | 'network' | 'key';

export interface ServiceRecord {
  readonly id: string;
  readonly category: string;
  readonly color: string;
  readonly owner: string;
  readonly publishPolicy: PublishPolicy;
  /** Only its groups, its owners and administrators see it. */
  readonly isRestricted: boolean;
  /** Whoever it is meant for is subscribed, and stays so. */
  readonly isMandatory: boolean;
}

export interface ServiceForUser extends ServiceRecord {
  readonly isSubscribed: boolean;
  readonly isOwned: boolean;
}

const COLUMNS = `s.id, s.category, s.color, s.owner, s.publish_policy as "publishPolicy", s.is_restricted as "isRestricted",
  s.is_mandatory as "isMandatory"`;
/** Of a service `s` and a user `u`: without being an administrator, may this person have it? */
export const MEANT_FOR = `(not s.is_restricted
  or exists (select from service_owner o where o.service_id = s.id and o.user_id = u.id)
  or exists (select from service_group g join group_member m using (group_id) where g.service_id = s.id and m.user_id = u.id))`;

export async function findService(connection: Queryable, id: string): Promise<ServiceRecord | null> {
  const [row] = await connection.query<ServiceRecord>(
    `select ${COLUMNS} from service s where s.id = $1`,
    [id],
    'service',
  );
  return row ?? null;
}

/** Who may publish to a service. */
export interface PublishRule {
  readonly id: string;
  readonly publishPolicy: PublishPolicy;
  readonly ownerIds: readonly number[];
}

/** Of those of `ids` that exist, by id. */
export async function findPublishRules(
  connection: Queryable,
  ids: readonly string[],
): Promise<Map<string, PublishRule>> {
  const rows = await connection.query<PublishRule>(
    `select s.id, s.publish_policy as "publishPolicy",
       array(select o.user_id::float8 from service_owner o where o.service_id = s.id) as "ownerIds"
     from service s where s.id = any($1::uuid[])`,
    [ids],
    'publish-rules',
  );
  return new Map(rows.map((row) => [row.id, row]));
}

const FOR_USER = `select ${COLUMNS}, sub.user_id is not null as "isSubscribed",
    exists (select from service_owner w where w.service_id = s.id and w.user_id = u.id) as "isOwned"
  from service s cross join (select * from user_account where id = $1) u
  left join subscription sub on sub.service_id = s.id and sub.user_id = u.id and sub.until is null`;
const SHOWN = `(u.is_admin or u.is_auditor or ${MEANT_FOR})`;

/** Those the user may see, sorted by category; with the user's own subscription. */
export function listServicesFor(connection: Queryable, userId: number): Promise<ServiceForUser[]> {
  return connection.query<ServiceForUser>(`${FOR_USER} where ${SHOWN} order by s.category, s.id`, [userId]);
}

/** Null when there is none, or none that the user may see. */
export async function findServiceFor(
  connection: Queryable,
  userId: number,
  serviceId: string,
): Promise<ServiceForUser | null> {
  const [row] = await connection.query<ServiceForUser>(`${FOR_USER} where ${SHOWN} and s.id = $2`, [
    userId,
    serviceId,
  ]);
  return row ?? null;
}

export interface NewService {
  readonly id: string;
  readonly category: string;
  readonly color: string;
  readonly owner: string;
  readonly publishPolicy?: PublishPolicy | undefined;
  readonly isRestricted?: boolean | undefined;
  readonly isMandatory?: boolean | undefined;
}

export async function createService(connection: Queryable, service: NewService): Promise<ServiceRecord> {
  const [row] = await connection.query<ServiceRecord>(
    `insert into service as s (id, category, color, owner, publish_policy, is_restricted, is_mandatory)
     values ($1, $2, $3, $4, $5, $6, $7) returning ${COLUMNS}`,
    [
      service.id,
      service.category,
      service.color,
      service.owner,
      service.publishPolicy ?? 'network',
      service.isRestricted ?? false,
      service.isMandatory ?? false,
    ],
  );
  if (!row) throw new Error('the service was not stored');
  return row;
}

export interface ServiceChange {
  readonly category?: string | null | undefined;
  readonly color?: string | null | undefined;
  readonly owner?: string | null | undefined;
  readonly publishPolicy?: PublishPolicy | null | undefined;
  readonly isRestricted?: boolean | null | undefined;
  readonly isMandatory?: boolean | null | undefined;
}

/** Null or absent leaves a field as it is. Returns null when there is no such service. */
export async function updateService(
  connection: Queryable,
  id: string,
  change: ServiceChange,
): Promise<ServiceRecord | null> {
  const [row] = await connection.query<ServiceRecord>(
    `update service s set category = coalesce($2, category), color = coalesce($3, color), owner = coalesce($4, owner),
       publish_policy = coalesce($5, publish_policy), is_restricted = coalesce($6, is_restricted),
       is_mandatory = coalesce($7, is_mandatory) where id = $1 returning ${COLUMNS}`,
    [
      id,
      change.category ?? null,
      change.color ?? null,
      change.owner ?? null,
      change.publishPolicy ?? null,
      change.isRestricted ?? null,
      change.isMandatory ?? null,
    ],
  );
  return row ?? null;
}

/** Removes the service with its subscriptions, its notifications and their inbox rows, in the caller's transaction. */
export async function deleteService(connection: Queryable, id: string): Promise<ServiceRecord | null> {
  // Waits for publishers under way, so that the next statement sees what they stored.
  const [gone] = await connection.query<ServiceRecord>(
    `delete from service s where s.id = $1 returning ${COLUMNS}`,
    [id],
  );
  await connection.query(
    `with message as (delete from notification where service_id = $1 returning id)
     delete from inbox i using message m where i.notification_id = m.id`,
    [id],
  );
  return gone ?? null;
}
