/** From the claims of an OpenID provider to a person, with roles and groups. Pure. */
import type { Vouched } from '../credential-check.ts';
import { isPlainName } from '../plain-name.ts';

/** Which claims say what, and whose members have which role. */
export interface ClaimNames {
  readonly username: string;
  readonly groups: string;
  /** Undefined leaves the role to us. */
  readonly adminGroup?: string | undefined;
  readonly auditorGroup?: string | undefined;
}

export interface Person {
  readonly username: string;
  readonly said: Vouched;
}

const LONGEST_NAME = 256;

/** Null when there is no name that an account can have. `asked`: the groups were asked for, so none said means none. */
export function personOf(
  claims: Readonly<Record<string, unknown>>,
  names: ClaimNames,
  asked: boolean,
): Person | null {
  const username = claims[names.username];
  if (typeof username !== 'string' || username.length > LONGEST_NAME || !isPlainName(username)) return null;
  const groups = groupsOf(claims, names.groups) ?? (asked ? [] : null);
  const isIn = (group: string | undefined) =>
    group === undefined || groups === null ? null : groups.includes(group);
  return {
    username,
    said: { isAdmin: isIn(names.adminGroup), isAuditor: isIn(names.auditorGroup), groups },
  };
}

/** One or many; null when the provider does not say. */
function groupsOf(claims: Readonly<Record<string, unknown>>, name: string): string[] | null {
  const said = claims[name];
  if (said === undefined || said === null) return null;
  return [said].flat().filter((group): group is string => typeof group === 'string');
}
