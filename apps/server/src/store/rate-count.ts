/** Requests per minute and subject, of all nodes. */
import type { Exchanged, Share } from '../lib/rates.ts';
import type { Queryable } from './database.ts';

/**
 * Adds what this node counted and answers with what all nodes have, in the order of `shares`. A subject may be there
 * twice: it was forgotten in a flood and came back.
 */
export async function exchangeRates(connection: Queryable, shares: readonly Share[]): Promise<Exchanged[]> {
  const rows = await connection.query<Exchanged>(
    `with given as (
       select minute, subject, delta, place from unnest($1::bigint[], $2::text[], $3::bigint[]) with ordinality as g (minute, subject, delta, place)
     ), added as (
       -- In one order everywhere, so that two nodes never wait for each other.
       insert into rate_count (minute, subject, count)
       select minute, subject, sum(delta) from given where delta > 0 group by minute, subject order by minute, subject
       on conflict (minute, subject) do update set count = rate_count.count + excluded.count
       returning minute, subject, count
     )
     select coalesce(added.count, own.count, 0)::float8 as count, coalesce(before.count, 0)::float8 as previous
     from given
     left join added on added.minute = given.minute and added.subject = given.subject
     left join rate_count own on own.minute = given.minute and own.subject = given.subject
     left join rate_count before on before.minute = given.minute - 1 and before.subject = given.subject
     order by place`,
    [
      shares.map(({ minute }) => minute),
      shares.map(({ subject }) => subject),
      shares.map(({ delta }) => delta),
    ],
    'exchange-rates',
  );
  return rows;
}

/** All but those of the minutes from `first` to `last`: a clock that was set back has left some in the future. */
export async function deleteRatesOutside(connection: Queryable, first: number, last: number): Promise<void> {
  await connection.query('delete from rate_count where minute < $1 or minute > $2', [first, last]);
}
