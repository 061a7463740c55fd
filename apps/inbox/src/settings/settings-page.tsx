import {
  IonButton,
  IonContent,
  IonHeader,
  IonIcon,
  IonItem,
  IonLabel,
  IonList,
  IonPage,
  IonTitle,
  IonToolbar,
} from '@ionic/react';
import { keyOutline, phonePortraitOutline, qrCodeOutline } from 'ionicons/icons';
import { useState } from 'react';
import { EXPORT_PATH } from '../api/client.ts';
import { usePush } from '../notifications/push-context.tsx';
import { PushSettings } from '../notifications/push-settings.tsx';
import { SETTINGS } from '../routes.ts';
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
          <DeviceLinks />
          <Account />
          <MyData />
        </main>
      </IonContent>
    </IonPage>
  );
}

function DeviceLinks() {
  const { account: texts } = useTexts();
  const links = [
    { to: SETTINGS.pair, icon: qrCodeOutline, label: texts.pair },
    { to: SETTINGS.devices, icon: phonePortraitOutline, label: texts.devices },
    { to: SETTINGS.logins, icon: keyOutline, label: texts.logins },
  ];
  return (
    <IonList className="settings-links" lines="none" aria-label={texts.devices}>
      {links.map(({ to, icon, label }) => (
        <IonItem key={to} routerLink={to} detail>
          <IonIcon slot="start" icon={icon} aria-hidden="true" />
          <IonLabel>{label}</IonLabel>
        </IonItem>
      ))}
    </IonList>
  );
}

function MyData() {
  const { account: texts, deletion } = useTexts();
  return (
    <section className="settings-section" aria-labelledby="data-title">
      <h2 id="data-title">{texts.data}</h2>
      <p>{texts.downloadHint}</p>
      <IonButton fill="outline" href={EXPORT_PATH} download="tocsin.json">
        {texts.download}
      </IonButton>
      <p className="settings-delete">
        <IonButton fill="clear" routerLink={SETTINGS.deleteAccount}>
          {deletion.title}…
        </IonButton>
      </p>
    </section>
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
        {texts.signedInAs}{' '}
        <bdi>
          <strong>{user.username}</strong>
        </bdi>
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
