import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSignedIn } from '../session/session-context.tsx';

const LOGINS_KEY = ['logins'] as const;
const DEVICES_KEY = ['devices'] as const;

export function useLogins() {
  const { api } = useSignedIn();
  return useQuery({ queryKey: LOGINS_KEY, queryFn: api.logins });
}

/** Ends one login, or all others when `id` is null. */
export function useEndLogin() {
  const { api } = useSignedIn();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string | null) => (id === null ? api.endOtherLogins() : api.endLogin(id)),
    onSettled: () => client.invalidateQueries({ queryKey: LOGINS_KEY }),
  });
}

export function useDevices() {
  const { api } = useSignedIn();
  return useQuery({ queryKey: DEVICES_KEY, queryFn: api.devices });
}

export function useRemoveDevice() {
  const { api } = useSignedIn();
  const client = useQueryClient();
  return useMutation({
    mutationFn: api.removeDevice,
    onSettled: () => client.invalidateQueries({ queryKey: DEVICES_KEY }),
  });
}

/** Always as it is now: it is read before something is deleted. */
export function useRemoval() {
  const { api } = useSignedIn();
  return useQuery({ queryKey: ['removal'], queryFn: api.removal, gcTime: 0 });
}
