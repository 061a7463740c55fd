/** Who gets a notification: the fan-out's reads, one statement per chunk. */
import type { DeviceKind } from '@tocsin/push';
import type { Queryable } from './database.ts';

/** Rows come as arrays: an object per device would be most of the cost. */
export interface Recipients {
  readonly deviceIds: number[];
  readonly userIds: number[];
  readonly kinds: DeviceKind[];
  readonly addresses: string[];
  readonly credentials: string[];
  readonly environments: string[];
  readonly apps: string[];
  readonly badges: number[];
}

interface RecipientColumns {
  device_ids: number[] | null;
  user_ids: number[];
  kinds: DeviceKind[];
  addresses: string[];
  credentials: string[];
  environments: string[];
  apps: string[];
  badges: number[];
}

// A Notify phone whose login lapsed gets nothing until it signs in again: that is the published behaviour.
const REACHABLE = `d.gone_at is null and u.is_active and (d.app <> '' or u.login_expires_at > $1)`;

const COLUMNS = `
  array_agg(d.id::float8) as device_ids, array_agg(d.user_id::float8) as user_ids, array_agg(d.kind) as kinds,
  array_agg(d.address) as addresses, array_agg(d.credential) as credentials, array_agg(d.environment) as environments,
  array_agg(d.app) as apps, array_agg(coalesce(b.unread, 0)::int) as badges`;

/** The badge is the user's unread count at the time of sending. */
function unread(filter: string): string {
  return `left join (select i.user_id, count(*) as unread from inbox i
    where i.read_at is null and i.deleted_at is null and ${filter} group by i.user_id) b on b.user_id = d.user_id`;
}

function toRecipients(rows: RecipientColumns[]): Recipients {
  const row = rows[0];
  return {
    deviceIds: row?.device_ids ?? [],
    userIds: row?.user_ids ?? [],
    kinds: row?.kinds ?? [],
    addresses: row?.addresses ?? [],
    credentials: row?.credentials ?? [],
    environments: row?.environments ?? [],
    apps: row?.apps ?? [],
    badges: row?.badges ?? [],
  };
}

/** Writes the inbox rows of a range of subscribers, as of the moment the notification was accepted. Safe to repeat. */
export async function deliverToInboxes(
  connection: Queryable,
  notification: { id: number; createdAt: Date },
  fromUser: number,
  toUser: number,
): Promise<void> {
  await connection.query(
    `insert into inbox (user_id, notification_id)
     select s.user_id, n.id from notification n join subscription s on s.service_id = n.service_id
     where n.id = $1 and n.created_at = $2 and s.user_id between $3 and $4
       and s.since <= n.accepted_at and (s.until is null or s.until > n.accepted_at)
     on conflict do nothing`,
    [notification.id, notification.createdAt, fromUser, toUser],
    'deliver-to-inboxes',
  );
}

export async function recipientsInRange(
  connection: Queryable,
  now: number,
  notificationId: number,
  fromUser: number,
  toUser: number,
): Promise<Recipients> {
  return toRecipients(
    await connection.query<RecipientColumns>(
      `select ${COLUMNS} from device d
       join user_account u on u.id = d.user_id
       join inbox i on i.user_id = d.user_id and i.notification_id = $2
       ${unread('i.user_id between $3 and $4')}
       where d.user_id between $3 and $4 and ${REACHABLE}`,
      [new Date(now), notificationId, fromUser, toUser],
      'recipients-in-range',
    ),
  );
}

export async function recipientsOfUsers(
  connection: Queryable,
  now: number,
  userIds: readonly number[],
): Promise<Recipients> {
  return toRecipients(
    await connection.query<RecipientColumns>(
      `select ${COLUMNS} from device d join user_account u on u.id = d.user_id
       ${unread('i.user_id = any($2::bigint[])')}
       where d.user_id = any($2::bigint[]) and ${REACHABLE}`,
      [new Date(now), userIds],
      'recipients-of-users',
    ),
  );
}

export async function recipientsByDevice(
  connection: Queryable,
  now: number,
  deviceIds: readonly number[],
): Promise<Recipients> {
  return toRecipients(
    await connection.query<RecipientColumns>(
      `select ${COLUMNS} from device d join user_account u on u.id = d.user_id
       ${unread('i.user_id in (select user_id from device where id = any($2::bigint[]))')}
       where d.id = any($2::bigint[]) and ${REACHABLE}`,
      [new Date(now), deviceIds],
      'recipients-by-device',
    ),
  );
}
