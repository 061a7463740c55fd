/** What a click on "enable" needs, fetched before it. */
import { useEffect, useRef } from 'react';
import type { Api } from '../api/client.ts';

/** What a click needs at hand, so that nothing is waited for between the click and the browser's question. */
export interface Prepared {
  readonly worker: ServiceWorkerRegistration;
  readonly serverKey: string;
}

export async function prepare(api: Api): Promise<Prepared> {
  const [worker, serverKey] = await Promise.all([navigator.serviceWorker.ready, api.webPushKey()]);
  return { worker, serverKey };
}

export function usePrepared(api: Api, isSupported: boolean) {
  const prepared = useRef<Prepared | null>(null);
  useEffect(() => {
    if (!isSupported) return;
    prepare(api).then(
      (ready) => {
        prepared.current = ready;
      },
      // The click prepares again, and shows what is wrong then.
      () => {
        prepared.current = null;
      },
    );
  }, [api, isSupported]);
  return prepared;
}
