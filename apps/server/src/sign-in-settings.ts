/** The settings of signing in, and what must be given together. */
import { FilterParser } from 'ldapts';
import { z } from 'zod';
import { flag, list, path, url } from './setting-kinds.ts';

const dn = z.string().regex(/^[^=,]+=.+$/, 'must be a distinguished name like dc=example,dc=org');

export const SIGN_IN_SETTINGS = {
  /** The ways to sign in, asked in this order. Local administrators can always sign in. */
  AUTHENTICATION_METHODS: list
    .pipe(z.array(z.enum(['local', 'ldap', 'url'])).min(1, 'must name at least one'))
    .default(['local']),
  /** How long another server may take to say yes or no. */
  AUTHENTICATION_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(5_000),
  /** Administrators from their first sign-in on, when another server vouches for them. */
  ADMIN_USERS: list.transform((names) => names.map((name) => name.toLowerCase())).default([]),
  /** Lets `demo` in, for the people who review the apps in the stores. */
  DEMO_ACCOUNT_PASSWORD: z.string().min(8).max(1024).optional(),
  DEMO_ACCOUNT_SERVICE: z.string().default('demo'),
  /** Gets a POST of `{username, password}` as JSON; any 2xx is a yes. */
  AUTHENTICATION_URL: url('https:', 'http:').optional(),
  AUTHENTICATION_CA_FILE: path.optional(),
  /** The issuer of OpenID Connect, or its discovery document. */
  OIDC_SERVER_URL: url('https:', 'http:').optional(),
  OIDC_CA_FILE: path.optional(),
  OIDC_CLIENT_ID: z.string().min(1).default('notify'),
  OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  /** What the button says. */
  OIDC_LABEL: z.string().min(1).max(40).default('Single sign-on'),
  OIDC_SCOPES: z
    .string()
    .refine((text) => text.split(' ').includes('openid'), 'must contain openid')
    .default('openid profile'),
  OIDC_USERNAME_CLAIM: z.string().min(1).default('preferred_username'),
  OIDC_GROUPS_CLAIM: z.string().min(1).default('groups'),
  /** Members of this group are administrators, nobody else of the provider is. */
  OIDC_ADMIN_GROUP: z.string().min(1).optional(),
  OIDC_AUDITOR_GROUP: z.string().min(1).optional(),
  LDAP_URL: url('ldap:', 'ldaps:').optional(),
  /** Encrypts ldap:// before anything is said on it. */
  LDAP_STARTTLS: flag.default(true),
  LDAP_CA_FILE: path.optional(),
  /** The DN follows from the name: uid={username},ou=people,dc=example,dc=org */
  LDAP_BIND_TEMPLATE: dn.refine((text) => text.includes('{username}'), 'must contain {username}').optional(),
  /** Or it is searched for below this one. */
  LDAP_BASE_DN: dn.optional(),
  LDAP_USERNAME_ATTRIBUTE: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of an attribute')
    .default('uid'),
  /** Who of those below may sign in. */
  LDAP_FILTER: z
    .string()
    .refine(isFilter, 'must be a filter like (objectClass=person)')
    .default('(objectClass=*)'),
  /** Who searches; without it the search is anonymous. */
  LDAP_BIND_DN: dn.optional(),
  LDAP_BIND_PASSWORD: z.string().min(1).optional(),
  /** Members of this group are administrators, nobody else of the directory is. */
  LDAP_ADMIN_GROUP: dn.optional(),
  LDAP_AUDITOR_GROUP: dn.optional(),
  /** The groups below this DN are those of the people here. */
  LDAP_GROUP_BASE_DN: dn.optional(),
  /** How often those who are gone from the directory are looked for; 0 never. */
  LDAP_RECHECK_MINUTES: z.coerce.number().int().min(0).max(1_440).default(15),
};

/** May also be given as NAME_FILE. A URL may hold a password. */
export const SIGN_IN_SECRETS = [
  'DEMO_ACCOUNT_PASSWORD',
  'OIDC_CLIENT_SECRET',
  'AUTHENTICATION_URL',
  'LDAP_BIND_PASSWORD',
] as const;
export const SIGN_IN_FILES = ['AUTHENTICATION_CA_FILE', 'OIDC_CA_FILE', 'LDAP_CA_FILE'] as const;

export type SignInSettings = z.infer<z.ZodObject<typeof SIGN_IN_SETTINGS>>;

function isFilter(text: string): boolean {
  try {
    FilterParser.parseString(text);
    return text.startsWith('(');
  } catch {
    // It throws plain errors for whatever it cannot read.
    return false;
  }
}

/** What the methods need and do not have, one sentence each. */
export function signInMistakes(settings: SignInSettings): string[] {
  const isHalf = Boolean(settings.OIDC_SERVER_URL) !== Boolean(settings.OIDC_CLIENT_SECRET);
  const half = isHalf ? ['OIDC_CLIENT_SECRET: OIDC_SERVER_URL and the secret are given together'] : [];
  return [...missingOrUnused(settings), ...half, ...(settings.LDAP_URL ? ldapMistakes(settings) : [])];
}

const NEEDED = { url: 'AUTHENTICATION_URL', ldap: 'LDAP_URL' } as const;

function missingOrUnused(settings: SignInSettings): string[] {
  return (['url', 'ldap'] as const).flatMap((method) => {
    const name = NEEDED[method];
    const isListed = settings.AUTHENTICATION_METHODS.includes(method);
    if (isListed && !settings[name]) return [`${name}: is needed for ${method} in AUTHENTICATION_METHODS`];
    if (!isListed && settings[name])
      return [`AUTHENTICATION_METHODS: does not list ${method}, so ${name} would not be asked`];
    return [];
  });
}

function ldapMistakes(settings: SignInSettings): string[] {
  const mistakes: string[] = [];
  if (Boolean(settings.LDAP_BIND_TEMPLATE) === Boolean(settings.LDAP_BASE_DN))
    mistakes.push('LDAP_BIND_TEMPLATE: give either this or LDAP_BASE_DN, to be searched');
  if (Boolean(settings.LDAP_BIND_DN) !== Boolean(settings.LDAP_BIND_PASSWORD))
    mistakes.push('LDAP_BIND_PASSWORD: LDAP_BIND_DN and its password are given together');
  if (settings.LDAP_BIND_TEMPLATE && settings.LDAP_BIND_DN)
    mistakes.push('LDAP_BIND_DN: is for searching; with LDAP_BIND_TEMPLATE nobody searches');
  return mistakes;
}
