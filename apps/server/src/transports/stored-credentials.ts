/** What an administrator gave counts where the settings name no files. */
import type { ProviderName, StoredCredentials } from '../store/provider-credential.ts';
import type { TransportSettings } from './build.ts';

/** Whether the settings name files for it. */
export function isFromFiles({ files }: Pick<TransportSettings, 'files'>, provider: ProviderName): boolean {
  return provider === 'apns'
    ? files.APNS_KEY_FILE !== undefined || files.APNS_CERT_FILE !== undefined
    : files.FCM_SERVICE_ACCOUNT_FILE !== undefined;
}

/** The settings as if they named what is stored, where they name nothing. */
export function withStored(settings: TransportSettings, { apns, fcm }: StoredCredentials): TransportSettings {
  const ofApple = apns &&
    !isFromFiles(settings, 'apns') && {
      APNS_KEY_ID: apns.keyId,
      APNS_TEAM_ID: apns.teamId,
      APNS_TOPIC: apns.topic,
      APNS_ENVIRONMENT: apns.environment,
    };
  const files = {
    ...settings.files,
    ...(ofApple && { APNS_KEY_FILE: apns.p8 }),
    ...(fcm && !isFromFiles(settings, 'fcm') && { FCM_SERVICE_ACCOUNT_FILE: JSON.stringify(fcm) }),
  };
  return { ...settings, ...(ofApple || {}), files };
}
