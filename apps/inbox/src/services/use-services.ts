import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Service } from '../api/types.ts';
import { useSignedIn } from '../session/session-context.tsx';

const SERVICES_KEY = ['services'] as const;

export function useServices() {
  const { api } = useSignedIn();
  return useQuery({ queryKey: SERVICES_KEY, queryFn: api.services });
}

/** Subscribes or unsubscribes. The switch moves at once and back if the server does not do it. */
export function useSetSubscription(onFailed: (service: Service) => void) {
  const { api } = useSignedIn();
  const client = useQueryClient();
  const show = (id: string, isSubscribed: boolean) =>
    client.setQueryData<Service[]>(SERVICES_KEY, (services) =>
      services?.map((service) => (service.id === id ? { ...service, isSubscribed } : service)),
    );
  return useMutation({
    mutationFn: ({ service, wanted }: { service: Service; wanted: boolean }) =>
      api.setSubscription(service.id, wanted),
    onMutate: ({ service, wanted }) => {
      show(service.id, wanted);
    },
    onError: (_error, { service, wanted }) => {
      show(service.id, !wanted);
      onFailed(service);
    },
  });
}
