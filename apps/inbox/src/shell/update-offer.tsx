import { IonToast } from '@ionic/react';
import { useEffect, useState } from 'react';
import { registerWorker } from '../notifications/register-worker.ts';
import { useTexts } from '../texts/texts-context.tsx';

/** Registers the service worker and offers each new version; nothing changes under the reader's hands. */
export function UpdateOffer() {
  const { update: texts } = useTexts();
  const [take, setTake] = useState<{ readonly use: () => void } | null>(null);
  useEffect(() => {
    registerWorker({ onUpdate: (use) => setTake({ use }) }).catch((error: unknown) =>
      console.warn('the service worker could not be registered', error),
    );
  }, []);
  return (
    <IonToast
      isOpen={take !== null}
      message={texts.ready}
      position="top"
      buttons={[{ text: texts.reload, handler: () => take?.use() }]}
    />
  );
}
