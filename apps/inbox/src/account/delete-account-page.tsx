import { IonButton, IonInput, IonInputPasswordToggle } from '@ionic/react';
import { type FormEvent, useRef, useState } from 'react';
import { failureCode } from '../api/failure.ts';
import type { Removal } from '../api/types.ts';
import { ROUTES } from '../routes.ts';
import { useSignedIn } from '../session/session-context.tsx';
import type { Texts } from '../texts/en.ts';
import { useTexts } from '../texts/texts-context.tsx';
import { LoadError } from '../theme/load-error.tsx';
import { SkeletonRows } from '../theme/skeleton-rows.tsx';
import { SubPage } from '../theme/sub-page.tsx';
import { removalLines } from './removal-lines.ts';
import { useRemoval } from './use-account.ts';
import './account.css';

/** Says what goes, and asks for the password. */
export function DeleteAccountPage() {
  const { deletion: texts } = useTexts();
  return (
    <SubPage title={texts.title} above={ROUTES.settings}>
      <section className="deletion">
        <RemovalOf />
      </section>
    </SubPage>
  );
}

function RemovalOf() {
  const { deletion: texts } = useTexts();
  const removal = useRemoval();
  if (removal.isPending) return <SkeletonRows count={2} />;
  if (!removal.data)
    return (
      <LoadError title={texts.loadFailed} error={removal.error} onRetry={() => void removal.refetch()} />
    );
  if (removal.data.isLastAdministrator) return <p>{texts.lastAdministrator}</p>;
  return (
    <>
      <Said removal={removal.data} />
      <DeleteForm needsPassword={removal.data.needsPassword} />
    </>
  );
}

function Said({ removal }: { readonly removal: Removal }) {
  const { deletion: texts } = useTexts();
  return (
    <>
      <p>{texts.lead(removal.username)}</p>
      <ul>
        {removalLines(removal, texts).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <p>{texts.stays}</p>
    </>
  );
}

function DeleteForm({ needsPassword }: { readonly needsPassword: boolean }) {
  const { deletion: texts, signIn } = useTexts();
  const { problem, isBusy, submit } = useDeleteAccount();
  const field = useRef<HTMLIonInputElement>(null);
  const attempt = async (password: string) => {
    if (!(await submit(password))) await field.current?.setFocus();
  };
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get('password') ?? '');
    if (!isBusy) void attempt(password);
  };
  return (
    <form onSubmit={onSubmit} noValidate>
      {needsPassword && (
        <IonInput
          ref={field}
          label={texts.password}
          labelPlacement="stacked"
          fill="outline"
          type="password"
          name="password"
          autocomplete="current-password"
        >
          <IonInputPasswordToggle slot="end" aria-label={signIn.showPassword} />
        </IonInput>
      )}
      <p className="deletion-message" role="alert">
        {problem}
      </p>
      <IonButton type="submit" color="danger" expand="block" aria-busy={isBusy}>
        {texts.submit}
      </IonButton>
    </form>
  );
}

function useDeleteAccount() {
  const texts = useTexts();
  const { api, store } = useSignedIn();
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (password: string): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    try {
      await api.deleteAccount(password);
      store.end('deleted');
      return true;
    } catch (error) {
      setProblem(deletionError(error, texts));
      setBusy(false);
      return false;
    }
  };
  return { problem, isBusy, submit };
}

function deletionError(error: unknown, { deletion, common }: Texts): string {
  switch (failureCode(error)) {
    case 'wrong-credentials':
      return deletion.wrongPassword;
    case 'too-many-attempts':
      return deletion.tooMany;
    case 'last-administrator':
      return deletion.lastAdministrator;
    case 'not-allowed':
      return deletion.notAllowed;
    case 'unreachable':
    case 'busy':
      return common.unreachable;
    default:
      return common.failed;
  }
}
