/**
 * Invitations, password resets and pairings: a code is shown once, kept as its hash, works once and not for long.
 * Every making and use is audited; what is refused too, with the reason.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Actor } from '../audit/entry.ts';
import type { Delayed } from '../identity/answers.ts';
import type { From } from '../identity/deps.ts';
import type { Passwords } from '../identity/passwords.ts';
import type { Throttle } from '../identity/throttle.ts';
import type { Queryable } from '../store/database.ts';
import { revokeTokensOf } from '../store/login-token.ts';
import {
  type CodePurpose,
  type CodeRecord,
  endCodes,
  findCode,
  insertCode,
  useCode,
} from '../store/one-time-code.ts';
import { findUser, setPasswordHash, type UserRecord } from '../store/user.ts';
import type { AdministrationDeps } from './deps.ts';
import { type DeviceWish, type Registered, registerIn } from './devices.ts';

const HOUR_MS = 3_600_000;
export const LIFETIME_MS: Readonly<Record<CodePurpose, number>> = {
  invitation: 7 * 24 * HOUR_MS,
  reset: HOUR_MS,
  pairing: 5 * 60_000,
};
const CODE_BYTES = 24;

export interface GivenCode {
  /** Shown once. */
  readonly code: string;
  readonly expiresAt: Date;
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

export interface OneTimeCodes {
  /** For somebody who has no password yet. */
  inviteAgain(actor: Actor, userId: number): Promise<GivenCode | NoLink>;
  resetLink(actor: Actor, userId: number): Promise<GivenCode | NoLink>;
  pairing(actor: Actor, userId: number): Promise<GivenCode>;
  look(code: string, from: From): Promise<({ readonly kind: 'ok' } & CodeRecord) | CodeRefusal>;
  /** Uses it up: sets the password, ends the other logins after a reset, registers the device. */
  use(code: string, wish: CodeUse, from: From): Promise<Used>;
}

/** Why somebody gets no link. */
export type NoLink = 'unknown' | 'inactive' | 'elsewhere' | 'has-password';

export interface OneTimeCodeDeps extends AdministrationDeps {
  readonly passwords: Pick<Passwords, 'hash'>;
  readonly throttle: Pick<Throttle, 'enterUnnamed'>;
}

export function createOneTimeCodes(deps: OneTimeCodeDeps): OneTimeCodes {
  const link =
    (purpose: CodePurpose, refuse: (user: UserRecord) => NoLink | null) => (actor: Actor, userId: number) =>
      deps.audit.change(actor, async (connection, note) => {
        const user = await findUser(connection, userId);
        const no = user ? refuse(user) : 'unknown';
        if (!user || no) return no ?? 'unknown';
        const given = await makeCode(deps, connection, actor, purpose, user.id);
        note({ ...about(user, purpose, 'create'), after: { expiresAt: given.expiresAt.toISOString() } });
        return given;
      });
  return {
    inviteAgain: link('invitation', (user) => noLinkFor(user) ?? (user.passwordHash ? 'has-password' : null)),
    resetLink: link('reset', noLinkFor),
    async pairing(actor, userId) {
      const given = await link('pairing', () => null)(actor, userId);
      if (typeof given === 'string') throw new Error('the account vanished while a pairing was made');
      return given;
    },
    look: async (code, from) => {
      const judged = await judge(deps, code, from);
      return judged.kind === 'ok' ? { kind: 'ok', ...judged.record } : judged;
    },
    use: (code, wish, from) => use(deps, code, wish, from),
  };
}

const noLinkFor = ({ isActive, origin }: UserRecord): NoLink | null =>
  origin !== 'local' ? 'elsewhere' : isActive ? null : 'inactive';

/** In the caller's transaction. A new invitation or reset ends the older ones. */
export async function makeCode(
  { clock }: Pick<AdministrationDeps, 'clock'>,
  connection: Queryable,
  actor: Actor,
  purpose: CodePurpose,
  userId: number,
): Promise<GivenCode> {
  const now = clock();
  const code = randomBytes(CODE_BYTES).toString('base64url');
  const [createdAt, expiresAt] = [new Date(now), new Date(now + LIFETIME_MS[purpose])];
  if (purpose !== 'pairing') await endCodes(connection, userId, [purpose], createdAt);
  await insertCode(connection, {
    hash: hashOf(code),
    purpose,
    userId,
    createdBy: actor.id,
    createdAt,
    expiresAt,
  });
  return { code, expiresAt };
}

const hashOf = (code: string) => createHash('sha256').update(code).digest();
const about = (
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
async function judge(deps: OneTimeCodeDeps, code: string, from: From): Promise<Judged> {
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
  const { address, requestId } = from;
  const nobody: Actor = { kind: 'anonymous', id: null, name: '', address, requestId };
  const what = record
    ? about({ id: record.userId, username: record.username }, record.purpose, 'use')
    : { action: 'one-time-code.use', subject: 'one-time-code' };
  deps.audit.refused(nobody, { ...what, detail: REASONS[kind] });
  return { kind };
}

async function use(deps: OneTimeCodeDeps, code: string, wish: CodeUse, from: From): Promise<Used> {
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
  const { address, requestId } = from;
  const actor: Actor = { kind: 'user', id: userId, name: username, address, requestId };
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
