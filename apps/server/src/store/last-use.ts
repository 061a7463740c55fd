/** When and from where logins and keys were last used. */
import type { Queryable } from './database.ts';

export interface Use {
  readonly id: string;
  readonly at: Date;
  readonly address: string;
}

const ID_TYPES = { login_token: 'uuid', access_key: 'bigint' } as const;

/** An older use that is written late changes nothing. */
export async function noteUse(
  connection: Queryable,
  table: keyof typeof ID_TYPES,
  uses: readonly Use[],
): Promise<void> {
  await connection.query(
    `update ${table} t set last_used_at = u.at, last_address = u.address
     from unnest($1::${ID_TYPES[table]}[], $2::timestamptz[], $3::text[]) as u (id, at, address)
     where t.id = u.id and (t.last_used_at is null or t.last_used_at < u.at)`,
    [uses.map(({ id }) => id), uses.map(({ at }) => at), uses.map(({ address }) => address)],
  );
}
