import { IonButton, IonContent, IonPage, IonSpinner } from '@ionic/react';
import type { FailureCode } from '../api/failure.ts';
import type { OneTimeCode } from '../api/types.ts';
import { useSession } from '../session/session-context.tsx';
import { useTexts } from '../texts/texts-context.tsx';
import { codeProblem } from './code-problem.ts';
import { PairForm } from './pair-form.tsx';
import { PasswordForm } from './password-form.tsx';
import { useCode } from './use-code.ts';
import './welcome-page.css';

interface WelcomeProps {
  readonly code: string;
  /** To the app itself. */
  readonly onLeave: () => void;
}

/** Where a one-time link leads: an invitation, a reset or a pairing. */
export function WelcomePage({ code, onLeave }: WelcomeProps) {
  const { welcome: texts } = useTexts();
  const { state, lookAgain } = useCode(code);
  return (
    <IonPage>
      <IonContent>
        <main className="welcome" aria-busy={state.kind === 'looking'}>
          <img className="welcome-icon" src="/icons/icon.svg" alt="" width="72" height="72" />
          {state.kind === 'looking' && (
            <IonSpinner name="crescent" role="status" aria-label={texts.looking} />
          )}
          {state.kind === 'good' && <Good code={code} found={state.code} onLeave={onLeave} />}
          {state.kind === 'bad' && <Bad why={state.why} onAgain={lookAgain} onLeave={onLeave} />}
        </main>
      </IonContent>
    </IonPage>
  );
}

function Good({ code, found, onLeave }: WelcomeProps & { readonly found: OneTimeCode }) {
  const { welcome: texts } = useTexts();
  const { session } = useSession();
  const { title, lead } = texts[found.purpose];
  const form = { code, username: found.username, purpose: found.purpose, onDone: onLeave };
  return (
    <>
      <h1>{title(found.username)}</h1>
      <p className="welcome-lead">{lead(found.username)}</p>
      {session && session.user.username !== found.username && (
        <p className="welcome-lead">{texts.replaces(session.user.username)}</p>
      )}
      {found.purpose === 'pairing' ? <PairForm {...form} /> : <PasswordForm {...form} />}
    </>
  );
}

interface BadProps {
  readonly why: FailureCode;
  readonly onAgain: () => void;
  readonly onLeave: () => void;
}

function Bad({ why, onAgain, onLeave }: BadProps) {
  const texts = useTexts();
  const { session } = useSession();
  const { title, hint, mayPass } = codeProblem(why, texts);
  return (
    <div className="welcome-problem" role="alert">
      <h1>{title}</h1>
      <p className="welcome-lead">{hint}</p>
      {mayPass && (
        <IonButton expand="block" onClick={onAgain}>
          {texts.common.retry}
        </IonButton>
      )}
      <IonButton expand="block" fill={mayPass ? 'outline' : 'solid'} onClick={onLeave}>
        {session ? texts.welcome.toMessages : texts.welcome.toSignIn}
      </IonButton>
    </div>
  );
}
