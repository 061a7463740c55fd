import { IonButton, IonIcon } from '@ionic/react';
import { notificationsOutline } from 'ionicons/icons';
import { useEffect, useRef, useState } from 'react';
import { useTexts } from '../texts/texts-context.tsx';
import { useNote } from '../theme/use-note.ts';
import { usePush } from './push-context.tsx';
import { declineCard, isCardDeclined } from './push-store.ts';
import './notifications.css';

/** Offers notifications above the messages, once; "not now" leaves them to the settings. */
export function EnableCard() {
  const { push: texts } = useTexts();
  const { state, enable } = usePush();
  const [isDeclined, setDeclined] = useState(isCardDeclined);
  useToastWhenEnabled(state.kind);
  if (isDeclined || (state.kind !== 'off' && state.kind !== 'working')) return null;
  const problem = state.kind === 'off' ? state.problem : null;
  const isWorking = state.kind === 'working';
  const decline = () => {
    declineCard();
    setDeclined(true);
  };
  return (
    <section className="enable-card" aria-label={texts.title}>
      <IonIcon icon={notificationsOutline} aria-hidden="true" />
      <div>
        <h2>{texts.cardTitle}</h2>
        <p role="status">{problem ? texts.problem[problem] : texts.cardLead}</p>
        <div className="enable-card-buttons">
          <IonButton size="small" disabled={isWorking} onClick={enable}>
            {isWorking ? texts.enabling : texts.enable}
          </IonButton>
          <IonButton size="small" fill="clear" disabled={isWorking} onClick={decline}>
            {texts.notNow}
          </IonButton>
        </div>
      </div>
    </section>
  );
}

function useToastWhenEnabled(kind: string): void {
  const { push: texts } = useTexts();
  const note = useNote();
  const before = useRef(kind);
  useEffect(() => {
    if (before.current === 'working' && kind === 'on') note(texts.enabled);
    before.current = kind;
  }, [kind, note, texts]);
}
