/** Subscriptions. One that ended keeps its row: fan-out asks who was subscribed at publish time. */
import type { Queryable } from './database.ts';
import { MEANT_FOR } from './service.ts';

export async function setSubscription(
  connection: Queryable,
  userId: number,
  serviceId: string,
  subscribed: boolean,
): Promise<void> {
  await setSubscriptions(connection, userId, [{ serviceId, subscribed }]);
}

/** Sets several at once, the last word on a service counts; services that do not exist are skipped, what is as wanted stays. */
export async function setSubscriptions(
  connection: Queryable,
  userId: number,
  wanted: readonly { serviceId: string; subscribed: boolean }[],
): Promise<void> {
  const last = new Map(wanted.map(({ serviceId, subscribed }) => [serviceId, subscribed]));
  const ids = (subscribed: boolean) => [...last.keys()].filter((id) => last.get(id) === subscribed);
  await connection.query(
    `with ended as (
       update subscription set until = clock_timestamp() where user_id = $1 and service_id = any($3::uuid[]) and until is null
     )
     insert into subscription (service_id, user_id, since)
     select s.id, $1, clock_timestamp() from service s where s.id = any($2::uuid[])
     on conflict (service_id, user_id) do update set group_id = null, until = null,
       since = case when subscription.until is null then subscription.since else excluded.since end
       where subscription.until is not null or subscription.group_id is not null`,
    [userId, ids(true), ids(false)],
  );
}

/** Which subscriptions are looked at: null leaves that side open. */
export interface SubscriptionScope {
  readonly userId: number | null;
  readonly serviceId: string | null;
}

const IN_SCOPE = '($1::bigint is null or u.id = $1) and ($2::uuid is null or s.id = $2)';
const AGAIN =
  'on conflict (service_id, user_id) do update set since = excluded.since, until = null, group_id = excluded.group_id where subscription.until is not null';

/**
 * Makes subscriptions follow the rules after these changed: who may not see a service any more loses it, what a group
 * gave ends with its rule or the membership, and a mandatory service has everybody it is meant for.
 */
export async function settleSubscriptions(connection: Queryable, scope: SubscriptionScope): Promise<void> {
  const values = [scope.userId, scope.serviceId];
  await connection.query(
    `update subscription sub set until = clock_timestamp() from service s, user_account u
     where sub.until is null and s.id = sub.service_id and u.id = sub.user_id and ${IN_SCOPE}
       and (not (u.is_admin or ${MEANT_FOR}) or sub.group_id is not null and not exists (
         select from group_subscription r join group_member m using (group_id)
         where r.group_id = sub.group_id and r.service_id = s.id and m.user_id = u.id))`,
    values,
  );
  // Not for the account of the app stores' reviewers: it is nobody's colleague.
  await connection.query(
    `insert into subscription (service_id, user_id, since, group_id) select s.id, u.id, clock_timestamp(), null
     from service s cross join user_account u where s.is_mandatory and u.origin <> 'demo' and ${IN_SCOPE} and ${MEANT_FOR}
     ${AGAIN}`,
    values,
  );
}

/** What a group is subscribed to, for one new member or all, for one new rule or all. */
export async function subscribeMembers(
  connection: Queryable,
  groupId: number,
  scope: SubscriptionScope,
): Promise<void> {
  await connection.query(
    `insert into subscription (service_id, user_id, since, group_id) select s.id, u.id, clock_timestamp(), $3
     from group_subscription r join group_member gm using (group_id)
     join service s on s.id = r.service_id join user_account u on u.id = gm.user_id
     where r.group_id = $3 and ${IN_SCOPE} and (u.is_admin or ${MEANT_FOR}) ${AGAIN}`,
    [scope.userId, scope.serviceId, groupId],
  );
}

/** Of what the user wants to end, the services that may not be left. */
export async function mandatoryAmong(
  connection: Queryable,
  userId: number,
  serviceIds: readonly string[],
): Promise<Set<string>> {
  const rows = await connection.query<{ id: string }>(
    `select s.id from service s cross join user_account u
     where u.id = $1 and s.id = any($2::uuid[]) and s.is_mandatory and ${MEANT_FOR}`,
    [userId, serviceIds],
  );
  return new Set(rows.map(({ id }) => id));
}

export interface Subscriber {
  readonly id: number;
  readonly username: string;
  readonly since: Date;
  readonly groupId: number | null;
}

/** In the order of their ids, after the given one. */
export function listSubscribers(
  connection: Queryable,
  serviceId: string,
  after: number,
  limit: number,
): Promise<Subscriber[]> {
  return connection.query<Subscriber>(
    `select u.id, u.username, s.since, s.group_id as "groupId" from subscription s join user_account u on u.id = s.user_id
     where s.service_id = $1 and s.until is null and u.id > $2 order by u.id limit $3`,
    [serviceId, after, limit],
  );
}
