/** Providers that are parked, for every node and for the administrator to see. */
import type { Queryable } from './database.ts';

export interface ParkedProvider {
  readonly provider: string;
  readonly reason: string;
  readonly failures: number;
  readonly parkedAt: Date;
  readonly parkedUntil: Date;
}

export async function putParking(connection: Queryable, parked: ParkedProvider): Promise<void> {
  await connection.query(
    `insert into provider_parking (provider, reason, failures, parked_at, parked_until) values ($1, $2, $3, $4, $5)
     on conflict (provider) do update set reason = excluded.reason, failures = excluded.failures, parked_until = excluded.parked_until`,
    [parked.provider, parked.reason, parked.failures, parked.parkedAt, parked.parkedUntil],
  );
}

export async function deleteParking(connection: Queryable, provider: string): Promise<void> {
  await connection.query('delete from provider_parking where provider = $1', [provider]);
}

export function listParkings(connection: Queryable): Promise<ParkedProvider[]> {
  return connection.query(
    `select provider, reason, failures, parked_at as "parkedAt", parked_until as "parkedUntil" from provider_parking order by provider`,
  );
}
