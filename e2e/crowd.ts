/** A service with very many subscribers, whose devices are of every kind, and what the fakes got for each of them. */
import type { ServerProcess } from '@tocsin/server/testing';
import type { Providers } from './providers.ts';

export interface Crowd {
  readonly service: string;
  readonly mqttDevices: number;
}

/** Of a hundred devices so many are of that kind; the rest are half Apple's, half Google's. */
const WEB_PUSH_PERCENT = 3;
const MQTT_PERCENT = 1;

/** One device per person. */
export async function seedCrowd(
  server: ServerProcess,
  providers: Providers,
  devices: number,
): Promise<Crowd> {
  const { rows } = await server.database.query<{ id: string }>('select id from service');
  const service = rows[0]?.id ?? '';
  const webPush = Math.floor((devices * WEB_PUSH_PERCENT) / 100);
  const mqttDevices = Math.floor((devices * MQTT_PERCENT) / 100);
  const subscriptions = Array.from({ length: webPush }, () => providers.webPush.subscribe());
  await server.database.query(
    `with people as (insert into user_account (username) select 'crowd' || n from generate_series(1, $2::int) n returning id),
     subscribed as (insert into subscription (service_id, user_id) select $1, id from people),
     numbered as (select id, row_number() over (order by sha256(id::text::bytea)) as n from people),
     given as (select * from unnest($3::text[], $4::text[]) with ordinality as t (address, credential, n))
     insert into device (user_id, kind, address, credential, app)
     select p.id,
       case when g.n is not null then 'webpush' when p.n <= $5 then 'mqtt' when p.n % 2 = 0 then 'apns' else 'fcm' end,
       coalesce(g.address, case when p.n <= $5 then gen_random_uuid()::text else encode(sha256(p.id::text::bytea), 'hex') end),
       coalesce(g.credential, ''), 'crowd'
     from numbered p left join given g on g.n = p.n`,
    [
      service,
      devices,
      subscriptions.map(({ address }) => address),
      subscriptions.map(({ credential }) => credential),
      webPush + mqttDevices,
    ],
  );
  return { service, mqttDevices };
}

/** Distinct devices the fakes of Apple, Google and the browsers reached, and requests they took for them. */
export function reached({ apns, fcm, webPush }: Providers): { devices: number; requests: number } {
  const phones = [...apns.accepted.values(), ...fcm.accepted.values()];
  const browsers = new Set(webPush.received.map(({ address }) => address)).size;
  return {
    devices: phones.length + browsers,
    requests: phones.reduce((all, count) => all + count, 0) + webPush.received.length,
  };
}

/** Devices that got the notification under more than one identity, so that it showed twice. */
export function shownTwice({ apns, fcm, webPush }: Providers): number {
  const tags = new Map<string, Set<string>>();
  for (const { address, json } of webPush.received) {
    const { tag } = json as { tag: string };
    tags.set(address, (tags.get(address) ?? new Set()).add(tag));
  }
  const identities = [...apns.collapseIds.values(), ...fcm.tags.values(), ...tags.values()];
  return identities.filter(({ size }) => size !== 1).length;
}
