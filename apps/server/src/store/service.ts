/** Services: the categories people subscribe to. */
import type { Database, Queryable } from './database.ts';

export type PublishPolicy = 'open' | 'network' | 'key';

export interface ServiceRecord {
  readonly id: string;
  readonly category: string;
  readonly color: string;
  readonly owner: string;
  readonly publishPolicy: PublishPolicy;
  readonly publishKeyHash: Buffer | null;
}

export interface ServiceForUser extends Omit<ServiceRecord, 'publishKeyHash'> {
  readonly isSubscribed: boolean;
}

const COLUMNS = `s.id, s.category, s.color, s.owner, s.publish_policy as "publishPolicy"`;
const WITH_KEY = `${COLUMNS}, s.publish_key_hash as "publishKeyHash"`;

export async function findService(connection: Queryable, id: string): Promise<ServiceRecord | null> {
  const [row] = await connection.query<ServiceRecord>(
    `select ${WITH_KEY} from service s where s.id = $1`,
    [id],
    'service',
  );
  return row ?? null;
}

/** Those of `ids` that exist, by id. */
export async function findServices(
  connection: Queryable,
  ids: readonly string[],
): Promise<Map<string, ServiceRecord>> {
  const rows = await connection.query<ServiceRecord>(
    `select ${WITH_KEY} from service s where s.id = any($1::uuid[])`,
    [ids],
    'services',
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Sorted by category; with the user's own subscription. */
export function listServicesFor(connection: Queryable, userId: number): Promise<ServiceForUser[]> {
  return connection.query<ServiceForUser>(
    `select ${COLUMNS}, u.user_id is not null as "isSubscribed" from service s
     left join subscription u on u.service_id = s.id and u.user_id = $1 and u.until is null
     order by s.category, s.id`,
    [userId],
  );
}

export interface NewService {
  readonly id: string;
  readonly category: string;
  readonly color: string;
  readonly owner: string;
  readonly publishPolicy?: PublishPolicy;
}

export async function createService(connection: Queryable, service: NewService): Promise<ServiceRecord> {
  const [row] = await connection.query<ServiceRecord>(
    `insert into service as s (id, category, color, owner, publish_policy) values ($1, $2, $3, $4, $5) returning ${WITH_KEY}`,
    [service.id, service.category, service.color, service.owner, service.publishPolicy ?? 'network'],
  );
  if (!row) throw new Error('the service was not stored');
  return row;
}

export interface ServiceChange {
  readonly category?: string | null | undefined;
  readonly color?: string | null | undefined;
  readonly owner?: string | null | undefined;
  readonly publishPolicy?: PublishPolicy | null | undefined;
}

/** Null or absent leaves a field as it is. Returns null when there is no such service. */
export async function updateService(
  connection: Queryable,
  id: string,
  change: ServiceChange,
): Promise<ServiceRecord | null> {
  const [row] = await connection.query<ServiceRecord>(
    `update service s set category = coalesce($2, category), color = coalesce($3, color), owner = coalesce($4, owner),
       publish_policy = coalesce($5, publish_policy) where id = $1 returning ${WITH_KEY}`,
    [id, change.category ?? null, change.color ?? null, change.owner ?? null, change.publishPolicy ?? null],
  );
  return row ?? null;
}

/** Stores the hash of the publishing key and lets only its holders publish without a login. */
export async function setPublishKey(connection: Queryable, id: string, hash: Buffer): Promise<boolean> {
  const rows = await connection.query(
    `update service set publish_key_hash = $2, publish_policy = 'key' where id = $1 returning 1`,
    [id, hash],
  );
  return rows.length > 0;
}

/** Removes the service with its subscriptions, its notifications and their inbox rows. False when there was none. */
export function deleteService(database: Database, id: string): Promise<boolean> {
  return database.transaction(async (connection) => {
    // Waits for publishers under way, so that the next statement sees what they stored.
    const gone = await connection.query('delete from service where id = $1 returning 1', [id]);
    await connection.query(
      `with message as (delete from notification where service_id = $1 returning id)
       delete from inbox i using message m where i.notification_id = m.id`,
      [id],
    );
    return gone.length > 0;
  });
}
