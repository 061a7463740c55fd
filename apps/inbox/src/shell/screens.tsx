import {
  IonBadge,
  IonButton,
  IonIcon,
  IonLabel,
  IonRouterOutlet,
  IonTabBar,
  IonTabButton,
  IonTabs,
  useIonRouter,
} from '@ionic/react';
import { IonReactRouter } from '@ionic/react-router';
import { layersOutline, notificationsOutline, settingsOutline } from 'ionicons/icons';
import { useEffect } from 'react';
import { Navigate, Route } from 'react-router-dom';
import { DeleteAccountPage } from '../account/delete-account-page.tsx';
import { DevicesPage } from '../account/devices-page.tsx';
import { LoginsPage } from '../account/logins-page.tsx';
import { PairPage } from '../account/pair-page.tsx';
import { MessagePage } from '../messages/message-page.tsx';
import { MessagesPage } from '../messages/messages-page.tsx';
import { useUnreadCount } from '../messages/use-inbox.ts';
import { useLiveInbox } from '../messages/use-live-inbox.ts';
import type { ToPage } from '../notifications/worker-message.ts';
import { ROUTES, SETTINGS } from '../routes.ts';
import { ServicesPage } from '../services/services-page.tsx';
import { SettingsPage } from '../settings/settings-page.tsx';
import { useTexts } from '../texts/texts-context.tsx';
import './screens.css';

export function Screens() {
  return (
    <IonReactRouter>
      <Tabs />
      <ConnectionNote />
      <OpenFromNotification />
    </IonReactRouter>
  );
}

function Tabs() {
  const { tabs: texts } = useTexts();
  return (
    <IonTabs>
      <IonRouterOutlet>
        <Route path="/" element={<Navigate to={ROUTES.messages} replace />} />
        <Route path={ROUTES.messages} element={<MessagesPage />} />
        <Route path={`${ROUTES.messages}/:id`} element={<MessagePage />} />
        <Route path={ROUTES.services} element={<ServicesPage />} />
        <Route path={ROUTES.settings} element={<SettingsPage />} />
        <Route path={SETTINGS.pair} element={<PairPage />} />
        <Route path={SETTINGS.devices} element={<DevicesPage />} />
        <Route path={SETTINGS.logins} element={<LoginsPage />} />
        <Route path={SETTINGS.deleteAccount} element={<DeleteAccountPage />} />
        <Route path="*" element={<Navigate to={ROUTES.messages} replace />} />
      </IonRouterOutlet>
      <IonTabBar slot="bottom" id="tabs" aria-label={texts.label}>
        <IonTabButton tab="messages" href={ROUTES.messages}>
          <IonIcon icon={notificationsOutline} aria-hidden="true" />
          <IonLabel>{texts.messages}</IonLabel>
          <UnreadBadge />
        </IonTabButton>
        <IonTabButton tab="services" href={ROUTES.services}>
          <IonIcon icon={layersOutline} aria-hidden="true" />
          <IonLabel>{texts.services}</IonLabel>
        </IonTabButton>
        <IonTabButton tab="settings" href={ROUTES.settings}>
          <IonIcon icon={settingsOutline} aria-hidden="true" />
          <IonLabel>{texts.settings}</IonLabel>
        </IonTabButton>
      </IonTabBar>
    </IonTabs>
  );
}

const MOST_SHOWN = 99;

function UnreadBadge() {
  const { messages: texts } = useTexts();
  const count = useUnreadCount();
  useEffect(() => {
    // A number on the app's icon, where the system has one; a browser may refuse it, which changes nothing here.
    navigator.setAppBadge?.(count).catch((error: unknown) => console.debug('no badge', error));
  }, [count]);
  if (count === 0) return null;
  return (
    <IonBadge aria-label={texts.unreadCount(count)}>{count > MOST_SHOWN ? `${MOST_SHOWN}+` : count}</IonBadge>
  );
}

/** Floats above the tabs, so that losing the connection moves nothing on the screen. */
function ConnectionNote() {
  const { connection: texts } = useTexts();
  const { isLost, retryNow } = useLiveInbox();
  return (
    <div className="connection-note" role="status">
      {isLost && (
        <div>
          <span>{texts.lost}</span>
          <IonButton fill="clear" size="small" onClick={retryNow}>
            {texts.retry}
          </IonButton>
        </div>
      )}
    </div>
  );
}

/** A click on a notification shows its message in the page that is already open. */
function OpenFromNotification() {
  const router = useIonRouter();
  useEffect(() => {
    const worker = navigator.serviceWorker;
    if (!worker) return;
    const onMessage = ({ data }: MessageEvent<ToPage>) => {
      if (data.type === 'open') router.push(data.path);
    };
    worker.addEventListener('message', onMessage);
    return () => worker.removeEventListener('message', onMessage);
  }, [router]);
  return null;
}
