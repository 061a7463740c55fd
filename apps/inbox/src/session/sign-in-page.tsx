import { IonButton, IonContent, IonInput, IonInputPasswordToggle, IonPage, IonSpinner } from '@ionic/react';
import { type FormEvent, useRef, useState } from 'react';
import { failureCode } from '../api/failure.ts';
import type { SignInWay } from '../api/types.ts';
import { useTexts } from '../texts/texts-context.tsx';
import { useSession } from './session-context.tsx';
import { signInError } from './sign-in-error.ts';
import { useSignInWays, useWayBack } from './use-sign-in-ways.ts';
import { wayOut } from './way-back.ts';
import './sign-in-page.css';

export function SignInPage() {
  const { signIn: texts } = useTexts();
  const { isReturning, fault } = useWayBack();
  const ways = useSignInWays();
  return (
    <IonPage>
      <IonContent>
        <main className="sign-in">
          <img className="sign-in-icon" src="/icons/icon.svg" alt="" width="72" height="72" />
          <h1>{texts.title}</h1>
          <p className="sign-in-lead">{texts.lead}</p>
          {fault && (
            <p className="sign-in-fault" role="alert">
              {fault}
            </p>
          )}
          {isReturning && <IonSpinner name="crescent" aria-label={texts.underWay} />}
          {!isReturning && ways && <Ways ways={ways} />}
        </main>
      </IonContent>
    </IonPage>
  );
}

/** Another server first: who has it needs no password here. */
function Ways({ ways }: { readonly ways: readonly SignInWay[] }) {
  const { signIn: texts } = useTexts();
  const others = ways.filter((way) => way.kind === 'oidc');
  return (
    <>
      {others.map(({ kind, label }) => (
        <IonButton key={kind} className="sign-in-other" expand="block" href={wayOut(location)}>
          {texts.with(label)}
        </IonButton>
      ))}
      {others.length > 0 && <p className="sign-in-or">{texts.or}</p>}
      <SignInForm isSecond={others.length > 0} />
    </>
  );
}

function SignInForm({ isSecond }: { readonly isSecond: boolean }) {
  const { signIn: texts } = useTexts();
  const { message, isBusy, submit } = useSignIn();
  const passwordField = useRef<HTMLIonInputElement>(null);
  const attempt = async (form: HTMLFormElement) => {
    // What stands in the fields counts, not what they told of: password managers fill them without a word.
    const fields = new FormData(form);
    const isSignedIn = await submit(String(fields.get('username')), String(fields.get('password')));
    if (!isSignedIn) await passwordField.current?.setFocus();
  };
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!isBusy) void attempt(event.currentTarget);
  };
  return (
    <form onSubmit={onSubmit} noValidate>
      <IonInput
        label={texts.username}
        labelPlacement="stacked"
        fill="outline"
        name="username"
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
      />
      <IonInput
        ref={passwordField}
        label={texts.password}
        labelPlacement="stacked"
        fill="outline"
        type="password"
        name="password"
        autocomplete="current-password"
      >
        <IonInputPasswordToggle slot="end" aria-label={texts.showPassword} />
      </IonInput>
      <p className="sign-in-message" role="alert">
        {message}
      </p>
      <IonButton type="submit" expand="block" fill={isSecond ? 'outline' : 'solid'} aria-busy={isBusy}>
        {texts.submit}
        {isBusy && <IonSpinner slot="end" name="crescent" aria-hidden="true" />}
      </IonButton>
    </form>
  );
}

function useSignIn() {
  const texts = useTexts();
  const { api, end, store } = useSession();
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async (username: string, password: string): Promise<boolean> => {
    if (!username || !password) {
      setError(texts.signIn.incomplete);
      return false;
    }
    setBusy(true);
    setError(null);
    try {
      store.begin(await api.signIn(username, password));
      return true;
    } catch (failure) {
      setError(signInError(failureCode(failure), texts));
      return false;
    } finally {
      setBusy(false);
    }
  };

  const message = error ?? (end && !isBusy ? texts.signIn.ended[end] : null);
  return { message, isBusy, submit };
}
