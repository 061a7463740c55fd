import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react';
import { type Api, createApi } from '../api/client.ts';
import type { FailureCode } from '../api/failure.ts';
import type { Session } from '../api/types.ts';
import { createSessionStore, SESSION_KEY, type SessionEnd, type SessionStore } from './session-store.ts';

interface SessionContextValue {
  readonly session: Session | null;
  readonly end: SessionEnd | null;
  readonly api: Api;
  readonly store: SessionStore;
  readonly onTokenRefused: (code: FailureCode) => void;
}

const SessionContext = createContext<SessionContextValue | null>(null);

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [store] = useState(() => createSessionStore(localStorage, Date.now));
  const { session, end } = useSyncExternalStore(store.subscribe, store.current);
  const token = session?.token ?? null;

  useEffect(() => {
    const onStorage = ({ key }: StorageEvent) => {
      if (key === SESSION_KEY || key === null) store.reload();
    };
    window.addEventListener('storage', onStorage);
    return () => window.removeEventListener('storage', onStorage);
  }, [store]);

  const value = useMemo(() => {
    const onTokenRefused = (code: FailureCode) =>
      store.end(code === 'inactive-user' ? 'deactivated' : 'expired');
    const isSignedIn = session !== null;
    const api = createApi({ origin: '', token, isSignedIn, onTokenRefused });
    return { session, end, store, onTokenRefused, api };
  }, [session, end, store, token]);
  return <SessionContext.Provider value={value}>{children}</SessionContext.Provider>;
}

export function useSession(): SessionContextValue {
  const value = useContext(SessionContext);
  if (!value) throw new Error('useSession needs a SessionProvider above it');
  return value;
}

/** For screens that are only shown to somebody who is signed in. */
export function useSignedIn(): SessionContextValue & { readonly session: Session } {
  const value = useSession();
  if (!value.session) throw new Error('This screen is for signed-in users');
  return value as SessionContextValue & { session: Session };
}
