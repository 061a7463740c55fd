/** Gives the server the credentials of Apple and Google, and takes them away. In the log stands their fingerprint. */
import { createHash } from 'node:crypto';
import type { Actor } from '../audit/entry.ts';
import {
  type ProviderName,
  removeStored,
  type StoredCredentials,
  writeStored,
} from '../store/provider-credential.ts';
import type { Secrets } from '../store/secret.ts';
import type { AdministrationDeps } from './deps.ts';

export interface ProviderCredentials {
  set<Name extends ProviderName>(
    actor: Actor,
    provider: Name,
    credentials: NonNullable<StoredCredentials[Name]>,
    /** What of them is not secret. */
    about: object,
  ): Promise<void>;
  /** False when none were stored. */
  remove(actor: Actor, provider: ProviderName): Promise<boolean>;
}

export interface ProviderCredentialDeps extends AdministrationDeps {
  readonly secrets: Pick<Secrets, 'writeIn' | 'removeIn'>;
  /** After the commit. */
  readonly onProvidersChanged: () => void;
}

export function createProviderCredentials(deps: ProviderCredentialDeps): ProviderCredentials {
  const { audit, secrets, onProvidersChanged } = deps;
  return {
    async set(actor, provider, credentials, about) {
      await audit.change(actor, async (connection, note) => {
        await writeStored(secrets, connection, provider, credentials);
        const after = { ...about, fingerprint: fingerprint(credentials) };
        note({ action: 'provider.change', subject: 'provider', subjectId: provider, after });
      });
      onProvidersChanged();
    },
    async remove(actor, provider) {
      const removed = await audit.change(actor, async (connection, note) => {
        if (!(await removeStored(secrets, connection, provider))) return false;
        note({ action: 'provider.remove', subject: 'provider', subjectId: provider });
        return true;
      });
      if (removed) onProvidersChanged();
      return removed;
    },
  };
}

const FINGERPRINT_LENGTH = 16;

function fingerprint(credentials: object): string {
  return createHash('sha256').update(JSON.stringify(credentials)).digest('hex').slice(0, FINGERPRINT_LENGTH);
}
