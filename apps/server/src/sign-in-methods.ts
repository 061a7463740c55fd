/** From the settings to the ways to sign in. */
import { createOperatorDoor, type Door } from '@tocsin/push';
import type { Config } from './config.ts';
import type { Directory, Lookup } from './identity/ldap/directory.ts';
import type { Methods } from './identity/methods.ts';
import type { OpenIdProvider } from './identity/open-id.ts';

type Given = Pick<Config, 'files' | 'OUTSIDE_ALLOW' | keyof import('./sign-in-settings.ts').SignInSettings>;

export function methodsOf(config: Given): Methods {
  const url = config.AUTHENTICATION_URL;
  return {
    order: config.AUTHENTICATION_METHODS,
    url: url === undefined ? null : { url, door: doorTo(config, url, config.files.AUTHENTICATION_CA_FILE) },
    directory: directoryOf(config),
  };
}

export function openIdOf(config: Given): OpenIdProvider | null {
  const { OIDC_SERVER_URL: serverUrl, OIDC_CLIENT_SECRET: clientSecret, OIDC_CLIENT_ID: clientId } = config;
  if (!serverUrl || !clientSecret) return null;
  return { serverUrl, clientId, clientSecret, door: doorTo(config, serverUrl, config.files.OIDC_CA_FILE) };
}

function doorTo(config: Given, url: string, ca: string | undefined): Door {
  const { AUTHENTICATION_TIMEOUT_MS: timeoutMs, OUTSIDE_ALLOW: allow } = config;
  return createOperatorDoor({ url, allow, timeoutMs, ca });
}

function directoryOf(config: Given): Directory | null {
  const lookup = lookupOf(config);
  if (config.LDAP_URL === undefined || !lookup) return null;
  const server = {
    url: config.LDAP_URL,
    startTls: config.LDAP_STARTTLS,
    ca: config.files.LDAP_CA_FILE,
    timeoutMs: config.AUTHENTICATION_TIMEOUT_MS,
  };
  return { server, lookup, adminGroup: config.LDAP_ADMIN_GROUP };
}

function lookupOf(config: Given): Lookup | null {
  if (config.LDAP_BIND_TEMPLATE) return { kind: 'template', template: config.LDAP_BIND_TEMPLATE };
  if (!config.LDAP_BASE_DN) return null;
  const { LDAP_BIND_DN: dn, LDAP_BIND_PASSWORD: password } = config;
  return {
    kind: 'search',
    baseDn: config.LDAP_BASE_DN,
    usernameAttribute: config.LDAP_USERNAME_ATTRIBUTE,
    filter: config.LDAP_FILTER,
    bindAs: dn && password ? { dn, password } : null,
  };
}
