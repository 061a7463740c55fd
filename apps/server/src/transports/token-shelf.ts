/** Apple's provider token in the database, so that restarts and other nodes show Apple the same one. */
import type { ShelvedToken, TokenShelf } from '@tocsin/push';
import type { Queryable } from '../store/database.ts';
import { readSecret, writeSecret } from '../store/secret.ts';

export function createTokenShelf(database: Queryable, teamId: string, keyId: string): TokenShelf {
  const name = `apns-token/${teamId}/${keyId}`;
  return {
    async load() {
      const value = await readSecret(database, name);
      return value === null ? null : (JSON.parse(value) as ShelvedToken);
    },
    save: (token) => writeSecret(database, name, JSON.stringify(token)),
  };
}
