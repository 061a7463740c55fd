/** Logins that were given out: what an owner or an administrator ends counts on every node within half a second. */
import type { Actor } from '../audit/entry.ts';
import { revokeToken, revokeTokensOf } from '../store/login-token.ts';
import type { AdministrationDeps } from './deps.ts';

export interface Sessions {
  /** False when the user has no such login. */
  end(actor: Actor, userId: number, sessionId: string): Promise<boolean>;
  endAll(actor: Actor, userId: number): Promise<void>;
  /** All but this one. */
  endOthers(actor: Actor, userId: number, sessionId: string): Promise<void>;
}

export function createSessions({ audit, clock }: AdministrationDeps): Sessions {
  return {
    end: (actor, userId, sessionId) =>
      audit.change(actor, async (connection, note) => {
        if (!(await revokeToken(connection, userId, sessionId, new Date(clock())))) return false;
        note({ ...about(userId), action: 'session.end', before: { session: sessionId } });
        return true;
      }),
    endAll: (actor, userId) =>
      audit.change(actor, async (connection, note) => {
        await revokeTokensOf(connection, userId, new Date(clock()));
        note({ ...about(userId), action: 'session.end-all' });
      }),
    endOthers: (actor, userId, sessionId) =>
      audit.change(actor, async (connection, note) => {
        await revokeTokensOf(connection, userId, new Date(clock()), sessionId);
        note({ ...about(userId), action: 'session.end-others', after: { session: sessionId } });
      }),
  };
}

const about = (userId: number) => ({ subject: 'user', subjectId: String(userId) });
