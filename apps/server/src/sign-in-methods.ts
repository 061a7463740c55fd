/** From the settings to the ways to sign in. */
import { createOperatorDoor, type Door } from '@tocsin/push';
import { OIDC_CALLBACK } from './api/sign-in/routes.ts';
import type { Config } from './config.ts';
import type { Directory, Lookup } from './identity/ldap/directory.ts';
import type { RecheckDeps } from './identity/ldap/recheck.ts';
import type { Methods } from './identity/methods.ts';
import type { BrowserSignInDeps } from './identity/open-id/browser.ts';
import type { OpenIdProvider } from './identity/open-id/provider.ts';

type Given = Pick<
  Config,
  'files' | 'OUTSIDE_ALLOW' | 'TOCSIN_PUBLIC_URL' | keyof import('./sign-in-settings.ts').SignInSettings
>;

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
  return {
    serverUrl,
    clientId,
    clientSecret,
    claims: {
      username: config.OIDC_USERNAME_CLAIM,
      groups: config.OIDC_GROUPS_CLAIM,
      adminGroup: config.OIDC_ADMIN_GROUP,
      auditorGroup: config.OIDC_AUDITOR_GROUP,
    },
    door: doorTo(config, serverUrl, config.files.OIDC_CA_FILE),
  };
}

/** Null without TOCSIN_PUBLIC_URL: the provider must know where it sends browsers back to. */
export function browserSignInOf(config: Given): Pick<BrowserSignInDeps, 'scopes' | 'redirectUri'> | null {
  const { TOCSIN_PUBLIC_URL: publicUrl, OIDC_SCOPES: scopes } = config;
  if (!publicUrl) return null;
  return { scopes, redirectUri: new URL(OIDC_CALLBACK, publicUrl).href };
}

function doorTo(config: Given, url: string, ca: string | undefined): Door {
  const { AUTHENTICATION_TIMEOUT_MS: timeoutMs, OUTSIDE_ALLOW: allow } = config;
  return createOperatorDoor({ url, allow, timeoutMs, ca });
}

/** Null when nobody is to be looked for: without a password only a directory that is searched can be asked. */
export function recheckOf(config: Given): Pick<RecheckDeps, 'directory' | 'everyMinutes'> | null {
  const directory = directoryOf(config);
  const everyMinutes = config.LDAP_RECHECK_MINUTES;
  if (directory?.lookup.kind !== 'search' || everyMinutes === 0) return null;
  return { directory: { server: directory.server, lookup: directory.lookup }, everyMinutes };
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
  const memberships = {
    adminGroup: config.LDAP_ADMIN_GROUP,
    auditorGroup: config.LDAP_AUDITOR_GROUP,
    groupBaseDn: config.LDAP_GROUP_BASE_DN,
  };
  return { server, lookup, memberships };
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
