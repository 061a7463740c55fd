/**
 * Invitations, password resets and pairings: a code is shown once, kept as its hash, works once and not for long.
 * Every making and use is audited; what is refused too, with the reason.
 */
import { randomBytes } from 'node:crypto';
import type { Actor } from '../audit/entry.ts';
import type { From } from '../identity/deps.ts';
import type { Queryable } from '../store/database.ts';
import { type CodePurpose, type CodeRecord, endCodes, insertCode } from '../store/one-time-code.ts';
import { findUser, lockUser, type UserRecord } from '../store/user.ts';
import {
  about,
  type CodeRefusal,
  type CodeUse,
  hashOf,
  judge,
  type OneTimeCodeDeps,
  type Used,
  use,
} from './code-use.ts';
import type { AdministrationDeps } from './deps.ts';

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

export function createOneTimeCodes(deps: OneTimeCodeDeps): OneTimeCodes {
  const link =
    (purpose: CodePurpose, refuse: (user: UserRecord) => NoLink | null) => (actor: Actor, userId: number) =>
      deps.audit.change(actor, async (connection, note) => {
        // Of two links made at once, the earlier ends too.
        await lockUser(connection, userId);
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
