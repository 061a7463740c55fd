import { IonButton, IonContent, IonHeader, IonPage, IonTitle, IonToolbar } from '@ionic/react';
import { useState } from 'react';
import { usePush } from '../notifications/push-context.tsx';
import { PushSettings } from '../notifications/push-settings.tsx';
import { useSignedIn } from '../session/session-context.tsx';
import { useTexts } from '../texts/texts-context.tsx';
import './settings-page.css';

export function SettingsPage() {
  const { settings: texts } = useTexts();
  return (
    <IonPage>
      <IonHeader>
        <IonToolbar>
          <IonTitle role="heading" aria-level={1}>
            {texts.title}
          </IonTitle>
        </IonToolbar>
      </IonHeader>
      <IonContent>
        <main className="column">
          <PushSettings />
          <Account />
        </main>
      </IonContent>
    </IonPage>
  );
}

function Account() {
  const { settings: texts } = useTexts();
  const { user } = useSignedIn().session;
  const [isBusy, setBusy] = useState(false);
  const signOut = useSignOut();
  return (
    <section className="settings-section" aria-labelledby="account-title">
      <h2 id="account-title">{texts.account}</h2>
      <p>
        {texts.signedInAs} <strong>{user.username}</strong>
        {user.isAdmin && ` · ${texts.administrator}`}
      </p>
      <IonButton
        fill="outline"
        disabled={isBusy}
        onClick={() => {
          setBusy(true);
          void signOut();
        }}
      >
        {texts.signOut}
      </IonButton>
      <p className="settings-hint">{texts.signOutHint}</p>
    </section>
  );
}

/** Signs out here whatever happens; the server is told as well as it can be reached. */
function useSignOut(): () => Promise<void> {
  const { api, store } = useSignedIn();
  const { disable } = usePush();
  return async () => {
    try {
      await disable();
      await api.signOut();
    } catch (error) {
      console.warn('the server was not told of the sign-out', error);
    } finally {
      store.end('signed-out');
    }
  };
}
