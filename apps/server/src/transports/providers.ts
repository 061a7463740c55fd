/** Apple and Google as they are set up now: when an administrator changes that, what sends is built anew on every node. */
import { PROVIDERS, type ProviderName, readStored } from '../store/provider-credential.ts';
import { type BuildDeps, buildProviders } from './build.ts';
import type { Parking } from './health.ts';
import type { TransportRegistry } from './registry.ts';
import { isFromFiles, withStored } from './stored-credentials.ts';

export interface ProviderState {
  readonly name: ProviderName;
  readonly source: 'file' | 'stored' | null;
  /** What is not secret. */
  readonly about: Readonly<Record<string, string>>;
}

export interface Providers {
  /** Builds what has changed; what is in flight finishes on what it began with. */
  refresh(): Promise<void>;
  list(): Promise<ProviderState[]>;
}

export interface ProviderDeps extends Omit<BuildDeps, 'parkings'> {
  readonly registry: Pick<TransportRegistry, 'replace'>;
  /** What is parked now. */
  readonly listParkings: () => Promise<readonly Parking[]>;
}

export function createProviders(deps: ProviderDeps): Providers {
  const { settings, secrets } = deps;
  let built: string | null = null;
  let refreshing = Promise.resolve();

  const refresh = async () => {
    const stored = await readStored(secrets);
    const now = JSON.stringify(stored);
    if (now === built) return;
    const parkings = await deps.listParkings();
    await deps.registry.replace(
      PROVIDERS,
      buildProviders({ ...deps, parkings, settings: withStored(settings, stored) }),
    );
    built = now;
  };
  return {
    refresh() {
      refreshing = refreshing.catch(() => undefined).then(refresh);
      return refreshing;
    },
    async list() {
      const all = withStored(settings, await readStored(secrets));
      return PROVIDERS.map((name) => {
        const source = isFromFiles(settings, name) ? 'file' : isFromFiles(all, name) ? 'stored' : null;
        return { name, source, about: source ? describe(name, all) : {} } as const;
      });
    },
  };
}

function describe(name: ProviderName, settings: BuildDeps['settings']): Record<string, string> {
  if (name === 'apns') {
    const { APNS_KEY_ID: keyId = '', APNS_TEAM_ID: teamId = '', APNS_TOPIC: topic = '' } = settings;
    return { keyId, teamId, topic, environment: settings.APNS_ENVIRONMENT };
  }
  const account = JSON.parse(settings.files.FCM_SERVICE_ACCOUNT_FILE ?? '{}') as Record<string, string>;
  return { projectId: account.project_id ?? '', clientEmail: account.client_email ?? '' };
}
