/** Signing in with the password of an LDAP directory: by binding as the user (RFC 4511 §4.2, RFC 4513 §5.1). */
import { AndFilter, type Client, EqualityFilter, FilterParser, ResultCodeError } from 'ldapts';
import type { CredentialCheck, Verdict } from '../credential-check.ts';
import { isPlainName } from '../plain-name.ts';
import { type DirectoryServer, reasonOf, withConnection } from './connection.ts';
import { type Entry, type Memberships, saidOf } from './membership.ts';
import { fillDn } from './names.ts';

/** Either the DN follows from the name, or it is searched for. */
export type Lookup =
  | {
      readonly kind: 'template';
      /** `uid={username},ou=people,dc=example,dc=org` */
      readonly template: string;
    }
  | {
      readonly kind: 'search';
      readonly baseDn: string;
      readonly usernameAttribute: string;
      /** Who else is not meant, as RFC 4515 text. */
      readonly filter: string;
      /** Null searches anonymously. */
      readonly bindAs: { readonly dn: string; readonly password: string } | null;
    };

export interface Directory {
  readonly server: DirectoryServer;
  readonly lookup: Lookup;
  readonly memberships: Memberships;
}

type Search = Extract<Lookup, { kind: 'search' }>;
export type SearchedDirectory = Pick<Directory, 'server'> & { readonly lookup: Search };

export function ldapDirectory(directory: Directory): CredentialCheck {
  return {
    name: 'ldap',
    isOutside: true,
    async check(username, password) {
      // RFC 4513 §5.1.2: a bind with an empty password succeeds, as nobody.
      if (password === '') return refused('the password is empty');
      if (!isPlainName(username)) return refused('no name a directory has');
      try {
        return directory.lookup.kind === 'template'
          ? await bindByTemplate(directory, directory.lookup.template, username, password)
          : await searchThenBind(directory, directory.lookup, username, password);
      } catch (error) {
        return { kind: 'unavailable', reason: reasonOf(error) };
      }
    },
  };
}

/**
 * Which of these are no longer in the directory, for sure: it was asked and knows no such entry. Throws when it cannot
 * say. Only a directory that is searched can be asked without a password.
 */
export function findAbsent(
  { server, lookup }: SearchedDirectory,
  usernames: readonly string[],
): Promise<string[]> {
  return withConnection(server, async (client) => {
    if (lookup.bindAs) await client.bind(lookup.bindAs.dn, lookup.bindAs.password);
    const absent: string[] = [];
    for (const username of usernames)
      if ((await findPerson(client, lookup, username)) === ABSENT) absent.push(username);
    return absent;
  });
}

const refused = (reason: string): Verdict => ({ kind: 'refused', reason });

function bindByTemplate(
  directory: Directory,
  template: string,
  username: string,
  password: string,
): Promise<Verdict> {
  const person = { dn: fillDn(template, username), username };
  return withConnection(directory.server, async (client) => {
    const fault = await bindFault(client, person.dn, password);
    return fault ? refused(fault) : { kind: 'ok', ...(await saidOf(client, directory.memberships, person)) };
  });
}

function searchThenBind(
  directory: Directory,
  lookup: Search,
  username: string,
  password: string,
): Promise<Verdict> {
  return withConnection(directory.server, async (client) => {
    if (lookup.bindAs) await client.bind(lookup.bindAs.dn, lookup.bindAs.password);
    const person = await findPerson(client, lookup, username);
    if (typeof person === 'string') return refused(person);
    // On a connection of its own: what the searching account may see is still needed.
    const fault = await withConnection(directory.server, (own) => bindFault(own, person.dn, password));
    return fault ? refused(fault) : { kind: 'ok', ...(await saidOf(client, directory.memberships, person)) };
  });
}

const ABSENT = 'not in the directory';

/** A sentence when there is not exactly one. */
async function findPerson(
  client: Client,
  { baseDn, usernameAttribute, filter }: Search,
  username: string,
): Promise<Entry | string> {
  const { searchEntries } = await client.search(baseDn, {
    scope: 'sub',
    // Written as a value, not as text: nothing in a name can become a part of the filter.
    filter: new AndFilter({
      filters: [
        new EqualityFilter({ attribute: usernameAttribute, value: username }),
        FilterParser.parseString(filter),
      ],
    }),
    attributes: [usernameAttribute],
    sizeLimit: 2,
  });
  const [entry, ...others] = searchEntries;
  if (!entry) return ABSENT;
  if (others.length > 0) return 'more than one entry of the directory matches';
  // Directories find "adä" and "ａda" too when asked for "ada"; those are other people here.
  const names = [entry[usernameAttribute] ?? []].flat().map(String);
  return names.some((name) => name.toLowerCase() === username)
    ? { dn: entry.dn, username }
    : 'the directory spells the name differently';
}

/** Codes that are a no: wrong password, no such entry, locked, disabled, no password, not a DN (RFC 4511 §4.1.9). */
const NO = new Set([19, 32, 34, 48, 49, 53]);

/** Null when the password is right; throws when the directory could not say. */
async function bindFault(client: Client, dn: string, password: string): Promise<string | null> {
  try {
    await client.bind(dn, password);
    return null;
  } catch (error) {
    if (error instanceof ResultCodeError && NO.has(error.code)) return reasonOf(error);
    throw error;
  }
}
