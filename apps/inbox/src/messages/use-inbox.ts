import {
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { InboxItem } from '../api/types.ts';
import { useSignedIn } from '../session/session-context.tsx';
import { findItem, type Inbox, type InboxMark, markItem, withMark } from './inbox-cache.ts';

export const INBOX_KEY = ['inbox'] as const;
export const UNREAD_KEY = ['unread'] as const;
export const itemKey = (id: number) => ['inbox-item', id] as const;

export function useInbox() {
  const { api } = useSignedIn();
  return useInfiniteQuery({
    queryKey: INBOX_KEY,
    queryFn: ({ pageParam }) => api.inbox(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
}

export function useUnreadCount(): number {
  const { api } = useSignedIn();
  return useQuery({ queryKey: UNREAD_KEY, queryFn: api.unreadCount }).data ?? 0;
}

/** One message; shown at once when the list already has it, and asked for again all the same. */
export function useInboxItem(id: number) {
  const { api } = useSignedIn();
  const client = useQueryClient();
  return useQuery({
    queryKey: itemKey(id),
    queryFn: () => api.inboxItem(id),
    placeholderData: () => findItem(client.getQueryData<Inbox>(INBOX_KEY), id),
  });
}

/** Marks one message, or all as read when `id` is null. The screen changes at once and back if the server refuses. */
export function useMark() {
  const { api } = useSignedIn();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, status }: InboxMark) => (id === null ? api.markAllRead() : api.mark(id, status)),
    onMutate: (mark) => applyMark(client, mark),
    onError: () => client.invalidateQueries({ queryKey: INBOX_KEY }),
    onSettled: (_answer, _error, { id }) => {
      void client.invalidateQueries({ queryKey: UNREAD_KEY });
      if (id !== null) void client.invalidateQueries({ queryKey: itemKey(id), refetchType: 'none' });
    },
  });
}

/** Shows a mark everywhere it is visible. */
export function applyMark(client: QueryClient, mark: InboxMark): void {
  client.setQueryData<Inbox>(INBOX_KEY, (inbox) => inbox && withMark(inbox, mark));
  client.setQueriesData<InboxItem>(
    { queryKey: ['inbox-item'] },
    (item: InboxItem | undefined) => item && markItem(item, mark),
  );
}
