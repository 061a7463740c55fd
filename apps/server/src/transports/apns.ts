/** Apple has two environments, and a device token is of one of them: both are served with the same key. */
import {
  type ApnsAuthentication,
  type ApnsDeps,
  type ApnsEnvironment,
  type ApnsPairConfig,
  createApnsTransports,
  eitherEnvironment,
  type Transport,
} from '@tocsin/push';
import type { Queryable } from '../store/database.ts';
import { learnEnvironment } from '../store/device.ts';
import type { Secrets } from '../store/secret.ts';
import { optional } from './optional.ts';
import type { ParkedTransport } from './parking.ts';
import type { TransportEntry } from './registry.ts';
import { createTokenShelf } from './token-shelf.ts';

export interface ApnsSettings {
  readonly APNS_KEY_ID?: string | undefined;
  readonly APNS_TEAM_ID?: string | undefined;
  readonly APNS_TOPIC?: string | undefined;
  readonly APNS_ENVIRONMENT: ApnsEnvironment;
  readonly APNS_URL?: string | undefined;
  readonly APNS_SANDBOX_URL?: string | undefined;
  readonly files: Readonly<Partial<Record<string, string>>>;
}

export interface ApnsBuildDeps extends Pick<ApnsDeps, 'createClient' | 'clock'> {
  readonly database: Queryable;
  readonly secrets: Pick<Secrets, 'read' | 'write'>;
  readonly settings: ApnsSettings;
  readonly park: (transport: Transport, name: string) => ParkedTransport;
  readonly onError: (error: Error, what: string) => void;
}

/** None when the settings name no topic or no credentials. */
export function apnsEntries(deps: ApnsBuildDeps): TransportEntry[] {
  const config = pairConfig(deps.settings);
  if (!config) return [];
  const { createClient, clock, park } = deps;
  const tokenShelf = shelfOf(deps, config.authentication);
  const transports = createApnsTransports(config, { createClient, clock, tokenShelf });
  const parked = {
    production: park(transports.production, 'apns production'),
    sandbox: park(transports.sandbox, 'apns sandbox'),
  };
  const { primary } = config;
  const secondary = primary === 'production' ? 'sandbox' : 'production';
  const unknown = eitherEnvironment(parked[primary], parked[secondary], (deviceIds) => {
    learnEnvironment(deps.database, deviceIds, secondary).catch((error: Error) =>
      // The next notification finds out again.
      deps.onError(error, 'noting the environment of APNs devices'),
    );
  });
  return [
    { kind: 'apns', environment: 'production', transport: parked.production },
    { kind: 'apns', environment: 'sandbox', transport: parked.sandbox },
    { kind: 'apns', environment: '', transport: unknown },
  ];
}

function pairConfig(settings: ApnsSettings): ApnsPairConfig | null {
  const { APNS_TOPIC: topic, APNS_ENVIRONMENT: primary, files } = settings;
  const authentication = authenticationOf(settings);
  if (topic === undefined || authentication === null) return null;
  const urls = optional({ production: settings.APNS_URL, sandbox: settings.APNS_SANDBOX_URL });
  return { authentication, topic, primary, urls, ...optional({ ca: files.APNS_CA_FILE }) };
}

function authenticationOf(settings: ApnsSettings): ApnsAuthentication | null {
  const { APNS_KEY_ID: keyId = '', APNS_TEAM_ID: teamId = '', files } = settings;
  if (files.APNS_KEY_FILE !== undefined) return { kind: 'token', p8: files.APNS_KEY_FILE, keyId, teamId };
  // One .pem holds both the certificate and its key.
  const pem = files.APNS_CERT_FILE;
  return pem === undefined ? null : { kind: 'certificate', cert: pem, key: pem };
}

function shelfOf({ secrets }: ApnsBuildDeps, authentication: ApnsAuthentication) {
  const { teamId, keyId } = authentication.kind === 'token' ? authentication : { teamId: '', keyId: '' };
  return createTokenShelf(secrets, teamId, keyId);
}
