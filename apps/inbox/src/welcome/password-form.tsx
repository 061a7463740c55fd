import { IonButton, IonInput, IonInputPasswordToggle, IonSpinner } from '@ionic/react';
import { type FormEvent, useRef } from 'react';
import { useSession } from '../session/session-context.tsx';
import { useTexts } from '../texts/texts-context.tsx';
import { type FormProps, useWelcome } from './form.ts';
import { passwordFault } from './password-rule.ts';

/** A new password, twice. */
export function PasswordForm({ code, username, purpose, onDone }: FormProps) {
  const { welcome: texts, signIn } = useTexts();
  const { api } = useSession();
  const { problem, setProblem, isBusy, submit } = useWelcome(onDone);
  const first = useRef<HTMLIonInputElement>(null);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (isBusy) return;
    const fields = new FormData(event.currentTarget);
    const password = String(fields.get('password'));
    const fault = passwordFault(password, String(fields.get('again')), texts);
    setProblem(fault);
    if (fault) void first.current?.setFocus();
    else void submit(() => api.redeemCode(code, { password }));
  };
  const field = {
    labelPlacement: 'stacked',
    fill: 'outline',
    type: 'password',
    autocomplete: 'new-password',
  } as const;
  return (
    <form onSubmit={onSubmit} noValidate>
      {/* Password managers keep the new password under this name. */}
      <input
        className="welcome-unseen"
        name="username"
        autoComplete="username"
        value={username}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <IonInput {...field} ref={first} label={texts.password} name="password" helperText={texts.rule}>
        <IonInputPasswordToggle slot="end" aria-label={signIn.showPassword} />
      </IonInput>
      <IonInput {...field} label={texts.again} name="again" />
      <p className="welcome-message" role="alert">
        {problem}
      </p>
      <IonButton type="submit" expand="block" aria-busy={isBusy}>
        {purpose === 'reset' ? texts.reset.submit : texts.invitation.submit}
        {isBusy && <IonSpinner slot="end" name="crescent" aria-hidden="true" />}
      </IonButton>
    </form>
  );
}
