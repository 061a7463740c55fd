/**
 * Who is signed in at this browser and until when. The login itself is a cookie that no script can read; the service
 * worker needs none: receipts are authorised by the token in each push.
 */
import type { Session } from '../api/types.ts';

/** Why there is no login (any more), when it is worth a sentence on the sign-in screen. */
export type SessionEnd = 'signed-out' | 'expired' | 'deactivated' | 'deleted';

export interface SessionState {
  readonly session: Session | null;
  readonly end: SessionEnd | null;
}

export interface SessionStore {
  current(): SessionState;
  begin(session: Session): void;
  end(reason: SessionEnd): void;
  /** Reads again what another tab may have changed. */
  reload(): void;
  subscribe(listener: () => void): () => void;
}

type KeyValueStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export const SESSION_KEY = 'tocsin.session';

export function createSessionStore(storage: KeyValueStorage, now: () => number): SessionStore {
  const listeners = new Set<() => void>();
  let state = read(storage, now());
  const become = (next: SessionState) => {
    state = next;
    for (const listener of listeners) listener();
  };
  return {
    current: () => state,
    begin(session) {
      storage.setItem(SESSION_KEY, JSON.stringify(session));
      become({ session, end: null });
    },
    end(reason) {
      if (state.session === null) return;
      storage.removeItem(SESSION_KEY);
      become({ session: null, end: reason });
    },
    reload() {
      const next = read(storage, now());
      if (nameOf(next) !== nameOf(state)) become(next);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Differs from login to login. */
export const sessionName = ({ user, expiresAt }: Session) => `${user.id} ${expiresAt}`;
const nameOf = ({ session }: SessionState) => session && sessionName(session);

function read(storage: KeyValueStorage, now: number): SessionState {
  const session = parse(storage.getItem(SESSION_KEY));
  if (session === null) return { session: null, end: null };
  if (Date.parse(session.expiresAt) <= now) return { session: null, end: 'expired' };
  return { session, end: null };
}

/** What an older version of this app, or a curious user, left behind must not keep the app from starting. */
function parse(text: string | null): Session | null {
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Partial<Session> | null;
    const isSession = typeof value?.expiresAt === 'string' && typeof value.user?.username === 'string';
    return isSession ? (value as Session) : null;
  } catch {
    return null;
  }
}
