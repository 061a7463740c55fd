import { IonButton, IonList } from '@ionic/react';
import type { Login } from '../api/types.ts';
import { ROUTES } from '../routes.ts';
import { useTexts } from '../texts/texts-context.tsx';
import { LoadError } from '../theme/load-error.tsx';
import { SkeletonRows } from '../theme/skeleton-rows.tsx';
import { SubPage } from '../theme/sub-page.tsx';
import { useNote } from '../theme/use-note.ts';
import { useNow } from '../theme/use-now.ts';
import { Row } from './row.tsx';
import { useEndLogin, useLogins } from './use-account.ts';
import { when } from './when.ts';
import './account.css';

const MINUTE_MS = 60_000;

/** Where the reader is signed in. */
export function LoginsPage() {
  const { account: texts } = useTexts();
  return (
    <SubPage title={texts.logins} above={ROUTES.settings}>
      <LoginList />
    </SubPage>
  );
}

function LoginList() {
  const { account: texts } = useTexts();
  const logins = useLogins();
  if (logins.isPending) return <SkeletonRows count={3} />;
  if (!logins.data)
    return (
      <LoadError title={texts.loginsFailed} error={logins.error} onRetry={() => void logins.refetch()} />
    );
  const current = logins.data.filter(({ isCurrent }) => isCurrent);
  const others = logins.data.filter(({ isCurrent }) => !isCurrent);
  return (
    <>
      <p className="list-lead">{texts.loginsLead}</p>
      <IonList aria-label={texts.logins} lines="none">
        {[...current, ...others].map((login) => (
          <LoginRow key={login.id} login={login} />
        ))}
      </IonList>
      {others.length > 0 ? <EndOthers /> : <p className="list-lead">{texts.onlyHere}</p>}
    </>
  );
}

function LoginRow({ login }: { readonly login: Login }) {
  const texts = useTexts();
  const note = useNote();
  const end = useEndLogin();
  const now = useNow(MINUTE_MS);
  const { account } = texts;
  const name = login.device || account.unknownDevice;
  const used = when(login.lastUsedAt, now, document.documentElement.lang, texts);
  const action = {
    label: account.end,
    name: account.endOf(name),
    question: account.endQuestion,
    hint: account.endHint,
    onConfirm: () => end.mutate(login.id, { onError: () => note(texts.common.failed, 'failed') }),
  };
  return (
    <Row
      title={name}
      mark={login.isCurrent ? account.thisOne : null}
      lines={[account.lastUsed(used, login.lastAddress || login.address)]}
      {...(!login.isCurrent && { action })}
    />
  );
}

function EndOthers() {
  const { account: texts, common } = useTexts();
  const note = useNote();
  const end = useEndLogin();
  const onClick = () =>
    end.mutate(null, {
      onSuccess: () => note(texts.othersEnded),
      onError: () => note(common.failed, 'failed'),
    });
  return (
    <div className="account-buttons">
      <IonButton fill="outline" disabled={end.isPending} onClick={onClick}>
        {texts.endOthers}
      </IonButton>
    </div>
  );
}
