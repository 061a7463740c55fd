import { IonButton, IonSpinner } from '@ionic/react';
import type { WebPushDevice } from '../api/types.ts';
import { type Prepared, usePrepared } from '../notifications/prepared.ts';
import { knownPushState } from '../notifications/push-state.ts';
import { subscribe, toDevice } from '../notifications/subscribe.ts';
import { useSession } from '../session/session-context.tsx';
import { useTexts } from '../texts/texts-context.tsx';
import { type FormProps, useWelcome } from './form.ts';

/** One tap: the browser asks whether it may notify, and the phone belongs to the account. */
export function PairForm({ code, onDone }: FormProps) {
  const { welcome: texts } = useTexts();
  const { api } = useSession();
  const prepared = usePrepared(api, mayAsk());
  const { problem, isBusy, submit } = useWelcome(onDone);
  const pair = () => {
    // Inside the tap: browsers refuse the question later.
    const device = deviceHere(prepared.current);
    void submit(async () => {
      const found = await device;
      return api.redeemCode(code, found ? { device: found } : {});
    });
  };
  return (
    <div className="welcome-pair">
      <IonButton expand="block" disabled={isBusy} aria-busy={isBusy} onClick={pair}>
        {isBusy ? texts.pairing.working : texts.pairing.submit}
        {isBusy && <IonSpinner slot="end" name="crescent" aria-hidden="true" />}
      </IonButton>
      <p className="welcome-hint">{texts.pairing.notYou}</p>
      <p className="welcome-message" role="alert">
        {problem}
      </p>
    </div>
  );
}

const mayAsk = () => ['off', 'on'].includes(knownPushState().kind);

/** Null where this browser cannot be pushed to now: it is paired all the same, and the settings say what is missing. */
async function deviceHere(prepared: Prepared | null): Promise<WebPushDevice | null> {
  if (!prepared || !mayAsk()) return null;
  try {
    return toDevice(await subscribe(prepared.worker, prepared.serverKey));
  } catch (error) {
    console.warn('this browser takes no notifications yet', error);
    return null;
  }
}
