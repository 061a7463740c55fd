/** What a directory says of a person beyond the password: roles and groups. */
import { type Client, EqualityFilter, OrFilter, ResultCodeError } from 'ldapts';
import type { Vouched } from '../credential-check.ts';
import { commonNameOf, isBelow } from './names.ts';

export interface Memberships {
  /** DN of the group whose members are administrators; undefined leaves that to us. */
  readonly adminGroup?: string | undefined;
  /** The same for auditors. */
  readonly auditorGroup?: string | undefined;
  /** The groups below this DN count; undefined leaves groups to us. */
  readonly groupBaseDn?: string | undefined;
}

export interface Entry {
  readonly dn: string;
  readonly username: string;
}

/** `client` is bound as somebody who may read the groups. */
export async function saidOf(client: Client, of: Memberships, person: Entry): Promise<Vouched> {
  return {
    isAdmin: await isMember(client, of.adminGroup, person),
    isAuditor: await isMember(client, of.auditorGroup, person),
    groups: await groupsOf(client, of.groupBaseDn, person),
  };
}

/** Directories name members by DN, or by the name alone (RFC 2307). */
const holds = (person: Entry) =>
  new OrFilter({
    filters: [
      new EqualityFilter({ attribute: 'member', value: person.dn }),
      new EqualityFilter({ attribute: 'uniqueMember', value: person.dn }),
      new EqualityFilter({ attribute: 'memberUid', value: person.username }),
    ],
  });

async function isMember(client: Client, group: string | undefined, person: Entry): Promise<boolean | null> {
  if (group === undefined) return null;
  const found = await search(client, group, { scope: 'base', filter: holds(person), attributes: ['1.1'] });
  return found.length > 0;
}

/** Both what the groups say and what the person's entry says: some directories know more groups in `memberOf`. */
async function groupsOf(client: Client, base: string | undefined, person: Entry): Promise<string[] | null> {
  if (base === undefined) return null;
  const groups = await search(client, base, { scope: 'sub', filter: holds(person), attributes: ['cn'] });
  const [own] = await search(client, person.dn, { scope: 'base', attributes: ['memberOf'] }, OWN_NOTHING);
  const listed = [own?.memberOf ?? []].flat().map(String);
  const dns = [...groups.map(({ dn }) => dn), ...listed.filter((dn) => isBelow(dn, base))];
  return [...new Set(dns.map(commonNameOf))];
}

const NO_SUCH_OBJECT = 32;
const INSUFFICIENT_ACCESS = 50;

/** Not everybody may read the own entry; the groups have spoken already. */
const OWN_NOTHING = [NO_SUCH_OBJECT, INSUFFICIENT_ACCESS];

/** What is not there has no members and is in no group. */
async function search(
  client: Client,
  base: string,
  options: Parameters<Client['search']>[1],
  nothing: readonly number[] = [NO_SUCH_OBJECT],
) {
  try {
    return (await client.search(base, options)).searchEntries;
  } catch (error) {
    if (error instanceof ResultCodeError && nothing.includes(error.code)) return [];
    throw error;
  }
}
