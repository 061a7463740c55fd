/** Credentials of Apple and Google that an administrator gave, sealed. */
import type { Queryable } from './database.ts';
import type { Secrets } from './secret.ts';

export interface ApnsStored {
  readonly p8: string;
  readonly keyId: string;
  readonly teamId: string;
  readonly topic: string;
  readonly environment: 'production' | 'sandbox';
}
/** The content of a service account's file. */
export interface FcmStored {
  readonly project_id: string;
  readonly client_email: string;
  readonly private_key: string;
}
export interface StoredCredentials {
  readonly apns: ApnsStored | null;
  readonly fcm: FcmStored | null;
}
export type ProviderName = keyof StoredCredentials;
export const PROVIDERS: readonly ProviderName[] = ['apns', 'fcm'];

const secretName = (provider: ProviderName) => `provider/${provider}`;

export async function readStored(secrets: Pick<Secrets, 'read'>): Promise<StoredCredentials> {
  const [apns, fcm] = [await secrets.read(secretName('apns')), await secrets.read(secretName('fcm'))];
  return { apns: apns && JSON.parse(apns), fcm: fcm && JSON.parse(fcm) };
}

/** In the caller's transaction. */
export function writeStored<Name extends ProviderName>(
  secrets: Pick<Secrets, 'writeIn'>,
  connection: Queryable,
  provider: Name,
  credentials: NonNullable<StoredCredentials[Name]>,
): Promise<void> {
  return secrets.writeIn(connection, secretName(provider), JSON.stringify(credentials));
}

/** In the caller's transaction. False when there were none. */
export function removeStored(
  secrets: Pick<Secrets, 'removeIn'>,
  connection: Queryable,
  provider: ProviderName,
): Promise<boolean> {
  return secrets.removeIn(connection, secretName(provider));
}
