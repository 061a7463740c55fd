/** Browser push of the signed-in reader, shared by the card on the messages screen and the settings. */
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import type { Api } from '../api/client.ts';
import { useSignedIn } from '../session/session-context.tsx';
import { prepare, usePrepared } from './prepared.ts';
import { knownPushState, type PushState, stateAfterFailure } from './push-state.ts';
import { registeredDevice, rememberDevice } from './push-store.ts';
import { subscribe, toDevice } from './subscribe.ts';
import type { ToPage } from './worker-message.ts';

interface Push {
  readonly state: PushState;
  /** Call directly inside a click. */
  readonly enable: () => void;
  /** Resolves when this browser gets no more pushes. Rejects when the server could not be told. */
  readonly disable: () => Promise<void>;
}

const PushContext = createContext<Push | null>(null);

export function PushProvider({ children }: { readonly children: ReactNode }) {
  const { api } = useSignedIn();
  const [state, setState] = useState(knownPushState);
  const prepared = usePrepared(api, state.kind !== 'unsupported');
  useRenewal(api, setState);

  const enable = useCallback(() => {
    setState({ kind: 'working' });
    const subscribing = prepared.current
      ? subscribe(prepared.current.worker, prepared.current.serverKey)
      : prepare(api).then(({ worker, serverKey }) => subscribe(worker, serverKey));
    subscribing
      .then((subscription) => register(api, subscription))
      .then(() => setState({ kind: 'on' }))
      .catch((error: unknown) => setState(stateAfterFailure(error)));
  }, [api, prepared]);

  const disable = useCallback(async () => {
    await removeFromServer(api);
    await (await currentSubscription())?.unsubscribe();
    setState(knownPushState());
  }, [api]);

  const push = useMemo(() => ({ state, enable, disable }), [state, enable, disable]);
  return <PushContext.Provider value={push}>{children}</PushContext.Provider>;
}

export function usePush(): Push {
  const push = useContext(PushContext);
  if (!push) throw new Error('usePush needs a PushProvider above it');
  return push;
}

async function register(api: Api, subscription: PushSubscription): Promise<void> {
  const device = await api.registerDevice(toDevice(subscription));
  rememberDevice(device.id);
}

async function removeFromServer(api: Api): Promise<void> {
  const id = registeredDevice();
  if (id !== null) await api.removeDevice(id);
  rememberDevice(null);
}

/** Null also where there is no worker at all. */
async function currentSubscription(): Promise<PushSubscription | null> {
  const worker = await navigator.serviceWorker?.getRegistration();
  return (await worker?.pushManager?.getSubscription()) ?? null;
}

/** Tells the server again at each start and whenever the browser replaced the subscription: both sides may forget. */
function useRenewal(api: Api, setState: (state: PushState) => void): void {
  useEffect(() => {
    if (knownPushState().kind === 'unsupported') return;
    const renew = async () => {
      if (registeredDevice() === null) return;
      const subscription = await currentSubscription();
      if (subscription) await register(api, subscription);
      else rememberDevice(null);
      setState(knownPushState());
    };
    const attempt = () => void renew().catch((error: unknown) => console.warn('push was not renewed', error));
    const onMessage = ({ data }: MessageEvent<ToPage>) => {
      if (data.type === 'subscription-changed') attempt();
    };
    attempt();
    navigator.serviceWorker.addEventListener('message', onMessage);
    return () => navigator.serviceWorker.removeEventListener('message', onMessage);
  }, [api, setState]);
}
