/** Subscriptions. One that ended keeps its row: fan-out asks who was subscribed at publish time. */
import type { Queryable } from './database.ts';

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
     on conflict (service_id, user_id) do update set since = excluded.since, until = null where subscription.until is not null`,
    [userId, ids(true), ids(false)],
  );
}
