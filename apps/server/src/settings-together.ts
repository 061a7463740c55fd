/** What can only be said of several settings, or of what is in a file: also a server that cannot work must not start. */
import { createAddressGuard } from '@tocsin/push';
import { httpMistakes } from './http-settings.ts';
import { parseNetworks } from './lib/network.ts';
import { isCertificate, isP256Key, isPrivateKey } from './lib/pem.ts';
import type { Settings } from './settings.ts';
import { signInMistakes } from './sign-in-settings.ts';

type Files = Readonly<Partial<Record<string, string>>>;

/** One sentence per mistake, each beginning with the name of a setting; `now` in ms since the epoch. */
export function settingsMistakes(settings: Settings, files: Files, now: number): string[] {
  return [
    ...signInMistakes(settings),
    ...httpMistakes(settings, files, now),
    ...networkMistakes(settings),
    ...appleMistakes(settings, files),
    ...serviceAccountMistakes(files.FCM_SERVICE_ACCOUNT_FILE),
    ...authorityMistakes(files),
  ];
}

function networkMistakes(settings: Settings): string[] {
  const { TRUSTED_PROXIES, PUBLISH_NETWORKS, RATE_LIMIT_EXEMPT, WEBPUSH_ALLOW, OUTSIDE_ALLOW } = settings;
  return [
    ...failing('TRUSTED_PROXIES', () => parseNetworks(TRUSTED_PROXIES)),
    ...failing('PUBLISH_NETWORKS', () => parseNetworks(PUBLISH_NETWORKS)),
    ...failing('RATE_LIMIT_EXEMPT', () => parseNetworks(RATE_LIMIT_EXEMPT)),
    ...failing('WEBPUSH_ALLOW', () => createAddressGuard(WEBPUSH_ALLOW)),
    ...failing('OUTSIDE_ALLOW', () => createAddressGuard(OUTSIDE_ALLOW)),
  ];
}

function failing(name: string, make: () => unknown): string[] {
  try {
    make();
    return [];
  } catch (error) {
    return [`${name}: ${(error as Error).message}`];
  }
}

function appleMistakes(settings: Settings, files: Files): string[] {
  const { APNS_KEY_FILE, APNS_CERT_FILE, APNS_TOPIC } = settings;
  const mistakes: string[] = [];
  if (APNS_KEY_FILE && APNS_CERT_FILE)
    mistakes.push(
      'APNS_CERT_FILE: give either APNS_KEY_FILE (token) or APNS_CERT_FILE (certificate), not both',
    );
  if (APNS_KEY_FILE) {
    for (const name of ['APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_TOPIC'] as const)
      if (!settings[name]) mistakes.push(`${name}: is needed with APNS_KEY_FILE`);
  }
  if (files.APNS_KEY_FILE !== undefined && !isP256Key(files.APNS_KEY_FILE))
    mistakes.push('APNS_KEY_FILE: is not a .p8 private key (P-256, PEM)');
  if (APNS_CERT_FILE && !APNS_TOPIC) mistakes.push('APNS_TOPIC: is needed with APNS_CERT_FILE');
  const pem = files.APNS_CERT_FILE;
  if (pem !== undefined && !(isPrivateKey(pem) && isCertificate(pem)))
    mistakes.push('APNS_CERT_FILE: does not hold both a certificate and its private key (PEM)');
  return mistakes;
}

function serviceAccountMistakes(text: string | undefined): string[] {
  const setting = 'FCM_SERVICE_ACCOUNT_FILE';
  if (text === undefined) return [];
  let account: Record<string, unknown>;
  try {
    account = Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return [`${setting}: is not JSON`];
  }
  const missing = ['project_id', 'client_email', 'private_key'].filter(
    (field) => typeof account[field] !== 'string',
  );
  const mistakes = missing.map((field) => `${setting}: has no ${field}`);
  if (typeof account.private_key === 'string' && !isPrivateKey(account.private_key))
    mistakes.push(`${setting}: its private_key is no private key (PEM)`);
  return mistakes;
}

const AUTHORITIES = [
  'AUTHENTICATION_CA_FILE',
  'OIDC_CA_FILE',
  'LDAP_CA_FILE',
  'APNS_CA_FILE',
  'FCM_CA_FILE',
  'WEBPUSH_CA_FILE',
] as const;

function authorityMistakes(files: Files): string[] {
  return AUTHORITIES.flatMap((name) => {
    const pem = files[name];
    return pem === undefined || isCertificate(pem) ? [] : [`${name}: is not a certificate (PEM)`];
  });
}
