/** What a one-time code that somebody shows is worth, and using it up. */
import { createHash } from 'node:crypto';
import { nobodyAt, personAt } from '../audit/entry.ts';
import type { Delayed } from '../identity/answers.ts';
import type { From } from '../identity/deps.ts';
import type { Passwords } from '../identity/passwords.ts';
import type { Throttle } from '../identity/throttle.ts';
import { revokeTokensOf } from '../store/login-token.ts';
import { type CodePurpose, type CodeRecord, endCodes, findCode, useCode } from '../store/one-time-code.ts';
import { setPasswordHash, type UserRecord } from '../store/user.ts';
import type { AdministrationDeps } from './deps.ts';
import { type DeviceWish, type Registered, registerIn } from './devices.ts';

export interface OneTimeCodeDeps extends AdministrationDeps {
  readonly passwords: Pick<Passwords, 'hash'>;
  readonly throttle: Pick<Throttle, 'enterUnnamed'>;
}

/** Why a code is worth nothing. */
export type CodeRefusal =
  | { readonly kind: 'unknown' | 'used' | 'expired' | 'inactive' | 'elsewhere' }
  | Delayed;

export interface CodeUse {
  /** Needed for an invitation and a reset. */
  readonly password: string | undefined;
  readonly register: DeviceWish | undefined;
}

export type Used =
  | { readonly kind: 'ok'; readonly userId: number; readonly registered: Registered | null }
  /** The password is missing, or a pairing brings one: nothing was used. */
  | { readonly kind: 'wrong-wish'; readonly fault: 'is needed' | 'is not changed by a pairing' }
  | CodeRefusal;

/** What is kept of a code. */
export const hashOf = (code: string) => createHash('sha256').update(code).digest();
/** For the audit log. */
export const about = (
  { id, username }: Pick<UserRecord, 'id' | 'username'>,
  purpose: CodePurpose,
  verb: string,
) => ({
  action: `${purpose}.${verb}`,
  subject: 'user',
  subjectId: String(id),
  subjectName: username,
});

type Judged = { readonly kind: 'ok'; readonly record: CodeRecord } | CodeRefusal;

/** Whether the code is good now. Guesses are slowed down, per address. */
export async function judge(deps: OneTimeCodeDeps, code: string, from: From): Promise<Judged> {
  const entry = await deps.throttle.enterUnnamed(from.address);
  if (entry.kind === 'delayed') return entry;
  const record = await findCode(deps.database, hashOf(code));
  const kind = record ? stateOf(record, deps.clock()) : 'unknown';
  if (record && kind === 'ok') {
    await entry.succeed();
    return { kind, record };
  }
  return refuse(deps, from, record, kind === 'ok' ? 'unknown' : kind);
}

function stateOf({ usedAt, isActive, purpose, origin, expiresAt }: CodeRecord, now: number) {
  if (usedAt) return 'used';
  if (!isActive) return 'inactive';
  if (expiresAt.getTime() <= now) return 'expired';
  // Since it was made, another server has vouched for the account: it keeps the password.
  return purpose !== 'pairing' && origin !== 'local' ? 'elsewhere' : 'ok';
}

const REASONS = {
  unknown: 'no such code',
  used: 'the code was used before',
  expired: 'the code has expired',
  inactive: 'the account is deactivated',
  elsewhere: 'another server keeps the password of this account',
} as const;

function refuse(deps: OneTimeCodeDeps, from: From, record: CodeRecord | null, kind: keyof typeof REASONS) {
  const what = record
    ? about({ id: record.userId, username: record.username }, record.purpose, 'use')
    : { action: 'one-time-code.use', subject: 'one-time-code' };
  deps.audit.refused(nobodyAt(from), { ...what, detail: REASONS[kind] });
  return { kind };
}

export async function use(deps: OneTimeCodeDeps, code: string, wish: CodeUse, from: From): Promise<Used> {
  const judged = await judge(deps, code, from);
  if (judged.kind !== 'ok') return judged;
  const { record } = judged;
  const isPairing = record.purpose === 'pairing';
  if (isPairing && wish.password !== undefined)
    return { kind: 'wrong-wish', fault: 'is not changed by a pairing' };
  if (!isPairing && wish.password === undefined) return { kind: 'wrong-wish', fault: 'is needed' };
  // Only for a good code: a hash costs more than all the rest.
  const hash = wish.password === undefined ? null : await deps.passwords.hash(wish.password);
  const registered = await useUp(deps, { code, record, hash, wish, from });
  return registered === 'lost'
    ? refuse(deps, from, record, 'used')
    : { kind: 'ok', userId: record.userId, registered };
}

interface UsingUp {
  readonly code: string;
  readonly record: CodeRecord;
  readonly hash: string | null;
  readonly wish: CodeUse;
  readonly from: From;
}

/** `lost`: somebody else used it in this very moment. */
function useUp(
  deps: OneTimeCodeDeps,
  { code, record, hash, wish, from }: UsingUp,
): Promise<Registered | null | 'lost'> {
  const { userId, username, purpose } = record;
  const actor = personAt({ id: userId, username }, from);
  return deps.audit.change(actor, async (connection, note) => {
    const now = new Date(deps.clock());
    if (!(await useCode(connection, hashOf(code), now))) return 'lost';
    if (hash) await setPasswordHash(connection, userId, hash);
    if (hash) await endCodes(connection, userId, ['invitation', 'reset'], now);
    if (purpose === 'reset') await revokeTokensOf(connection, userId, now);
    note({
      ...about({ id: userId, username }, purpose, 'use'),
      ...(hash && { after: { password: 'changed' } }),
    });
    if (!wish.register) return null;
    return registerIn(deps, connection, note, { actor, userId, wish: wish.register, audited: 'new' });
  });
}
