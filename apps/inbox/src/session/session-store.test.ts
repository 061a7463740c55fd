import { expect, test } from 'vitest';
import type { Session } from '../api/types.ts';
import { createSessionStore, SESSION_KEY } from './session-store.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const session: Session = {
  expiresAt: '2026-02-01T00:00:00.000Z',
  user: { id: 1, username: 'anna', isAdmin: false, isAuditor: false },
};

function storage(start: Record<string, string> = {}) {
  const entries = new Map(Object.entries(start));
  return {
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
    removeItem: (key: string) => void entries.delete(key),
  };
}

test('a login survives a restart of the app', () => {
  const kept = storage();
  createSessionStore(kept, () => NOW).begin(session);
  expect(createSessionStore(kept, () => NOW).current().session).toEqual(session);
});

test('a login that has run out is gone, and says so', () => {
  const kept = storage({ [SESSION_KEY]: JSON.stringify({ ...session, expiresAt: '2025-12-31T00:00:00Z' }) });
  expect(createSessionStore(kept, () => NOW).current()).toEqual({ session: null, end: 'expired' });
});

test.each(['{', 'null', '7', '{"expiresAt":1}'])(
  '%s in the storage does not keep the app from starting',
  (text) => {
    const kept = storage({ [SESSION_KEY]: text });
    expect(createSessionStore(kept, () => NOW).current()).toEqual({ session: null, end: null });
  },
);

test('the end of a login forgets who it was and gives the reason', () => {
  const kept = storage();
  const store = createSessionStore(kept, () => NOW);
  store.begin(session);
  store.end('deactivated');
  expect(store.current()).toEqual({ session: null, end: 'deactivated' });
  expect(kept.getItem(SESSION_KEY)).toBeNull();
});

test('the first reason counts: later refusals of the same login say nothing new', () => {
  const store = createSessionStore(storage(), () => NOW);
  store.begin(session);
  store.end('signed-out');
  store.end('expired');
  expect(store.current().end).toBe('signed-out');
});

test('a sign-out in another tab is seen', () => {
  const kept = storage();
  const store = createSessionStore(kept, () => NOW);
  store.begin(session);
  let changes = 0;
  store.subscribe(() => changes++);
  kept.removeItem(SESSION_KEY);
  store.reload();
  expect(store.current().session).toBeNull();
  expect(changes).toBe(1);
});
