import { IonButton } from '@ionic/react';
import type { Texts } from '../texts/en.ts';
import { useTexts } from '../texts/texts-context.tsx';
import { useNote } from '../theme/use-note.ts';
import { usePush } from './push-context.tsx';
import type { PushState } from './push-state.ts';
import './notifications.css';

export function PushSettings() {
  const { common, push: texts } = useTexts();
  const { state, enable, disable } = usePush();
  const note = useNote();
  const turnOff = () => void disable().catch(() => note(common.unreachable, 'failed'));
  const canEnable = state.kind === 'off' || state.kind === 'working';
  return (
    <section className="settings-section" aria-labelledby="push-title">
      <h2 id="push-title">{texts.title}</h2>
      <p role="status">{sentence(state, texts)}</p>
      {canEnable && (
        <IonButton disabled={state.kind === 'working'} onClick={enable}>
          {state.kind === 'working' ? texts.enabling : texts.enable}
        </IonButton>
      )}
      {state.kind === 'on' && (
        <IonButton fill="outline" onClick={turnOff}>
          {texts.disable}
        </IonButton>
      )}
    </section>
  );
}

function sentence(state: PushState, texts: Texts['push']): string {
  switch (state.kind) {
    case 'unsupported':
      return texts.unsupported[state.why];
    case 'blocked':
      return texts.blocked;
    case 'on':
      return texts.on;
    case 'working':
      return texts.off;
    case 'off':
      return state.problem ? texts.problem[state.problem] : texts.off;
  }
}
