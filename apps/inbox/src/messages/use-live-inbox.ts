import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { StreamEvent } from '../api/sse-parser.ts';
import { followStream, type Stream } from '../api/stream.ts';
import type { InboxItem } from '../api/types.ts';
import { useSignedIn } from '../session/session-context.tsx';
import { countNewUnread, type Inbox, type InboxMark, withArrived } from './inbox-cache.ts';
import { applyMark, INBOX_KEY, UNREAD_KEY } from './use-inbox.ts';

/** A connection that is back within this time was never worth a word. */
const QUIET_MS = 3_000;

/** Keeps the inbox live while the app is open. `isLost` is true once the server has been away for a while. */
export function useLiveInbox(): { readonly isLost: boolean; readonly retryNow: () => void } {
  const { session, onTokenRefused } = useSignedIn();
  const client = useQueryClient();
  const stream = useRef<Stream | null>(null);
  const [isLost, setLost] = useState(false);

  useEffect(() => {
    let quiet: ReturnType<typeof setTimeout> | undefined;
    const followed = followStream({
      origin: '',
      token: session.token ?? null,
      onTokenRefused,
      random: Math.random,
      onOpen: () => {
        clearTimeout(quiet);
        quiet = undefined;
        setLost(false);
        catchUp(client);
      },
      onLost: () => {
        quiet ??= setTimeout(() => setLost(true), QUIET_MS);
      },
      onEvents: (events) => applyEvents(client, events),
    });
    stream.current = followed;
    const stopListening = whenBack(followed.retryNow);
    return () => {
      clearTimeout(quiet);
      stopListening();
      followed.stop();
    };
  }, [client, session.token, onTokenRefused]);

  return { isLost, retryNow: () => stream.current?.retryNow() };
}

/** Nothing may be missed between loading the list and following it: whenever the stream opens, the list is asked for again. */
function catchUp(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: INBOX_KEY });
  void client.invalidateQueries({ queryKey: UNREAD_KEY });
}

function applyEvents(client: QueryClient, events: readonly StreamEvent[]): void {
  const arrived = events
    .filter(({ type }) => type === 'notification')
    .map(({ data }) => JSON.parse(data) as InboxItem);
  if (arrived.length > 0) {
    const more = countNewUnread(client.getQueryData<Inbox>(INBOX_KEY), arrived);
    client.setQueryData<Inbox>(INBOX_KEY, (inbox) => inbox && withArrived(inbox, arrived));
    client.setQueryData<number>(UNREAD_KEY, (count) => (count === undefined ? count : count + more));
  }
  const marks = events
    .filter(({ type }) => type === 'inbox')
    .map(({ data }) => JSON.parse(data) as InboxMark);
  for (const mark of marks) applyMark(client, mark);
  if (marks.length > 0) void client.invalidateQueries({ queryKey: UNREAD_KEY });
}

/** Calls back when the network or the reader returns; timers may have slept for hours by then. */
function whenBack(callback: () => void): () => void {
  const onVisible = () => {
    if (document.visibilityState === 'visible') callback();
  };
  window.addEventListener('online', callback);
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    window.removeEventListener('online', callback);
    document.removeEventListener('visibilitychange', onVisible);
  };
}
