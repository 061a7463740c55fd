import { IonApp } from '@ionic/react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { failureCode } from '../api/failure.ts';
import { PushProvider } from '../notifications/push-context.tsx';
import { SessionProvider, useSession } from '../session/session-context.tsx';
import { sessionName } from '../session/session-store.ts';
import { SignInPage } from '../session/sign-in-page.tsx';
import { TextsProvider } from '../texts/texts-context.tsx';
import { useWelcomeCode } from '../welcome/use-welcome-code.ts';
import { WelcomePage } from '../welcome/welcome-page.tsx';
import { Screens } from './screens.tsx';
import { UpdateOffer } from './update-offer.tsx';

export function App() {
  return (
    <TextsProvider>
      <SessionProvider>
        <IonApp>
          <Entrance />
          <UpdateOffer />
        </IonApp>
      </SessionProvider>
    </TextsProvider>
  );
}

/** A one-time link goes before everything. The address stays while signing in, so that a link to a message still leads there. */
function Entrance() {
  const { session } = useSession();
  const { code, leave } = useWelcomeCode();
  if (code !== null) return <WelcomePage key={code} code={code} onLeave={leave} />;
  if (!session) return <SignInPage />;
  return (
    <DataProvider key={sessionName(session)}>
      <PushProvider>
        <Screens />
      </PushProvider>
    </DataProvider>
  );
}

/** Holds what was loaded, for one login: nothing of it is left for the next one. */
function DataProvider({ children }: { readonly children: ReactNode }) {
  const [client] = useState(createQueryClient);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}

const MAX_RETRIES = 2;

function createQueryClient(): QueryClient {
  const isPassing = (error: unknown) => ['unreachable', 'busy'].includes(failureCode(error));
  return new QueryClient({
    defaultOptions: {
      queries: {
        // A server in the same house answers also when the browser believes that it is offline.
        networkMode: 'always',
        retry: (failures, error) => isPassing(error) && failures < MAX_RETRIES,
      },
      mutations: { networkMode: 'always' },
    },
  });
}
