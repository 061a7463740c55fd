/** Apple's provider token in the database, so that restarts and other nodes show Apple the same one. */
import type { ShelvedToken, TokenShelf } from '@tocsin/push';
import type { Secrets } from '../store/secret.ts';

export function createTokenShelf(
  secrets: Pick<Secrets, 'read' | 'write'>,
  teamId: string,
  keyId: string,
): TokenShelf {
  const name = `apns-token/${teamId}/${keyId}`;
  return {
    async load() {
      const value = await secrets.read(name);
      return value === null ? null : (JSON.parse(value) as ShelvedToken);
    },
    save: (token) => secrets.write(name, JSON.stringify(token)),
  };
}
