import {
  IonBackButton,
  IonButton,
  IonButtons,
  IonContent,
  IonHeader,
  IonIcon,
  IonPage,
  IonTitle,
  IonToolbar,
  useIonAlert,
  useIonRouter,
} from '@ionic/react';
import { mailUnreadOutline, trashOutline } from 'ionicons/icons';
import { useEffect, useRef } from 'react';
import { useParams } from 'react-router-dom';
import { failureCode } from '../api/failure.ts';
import type { InboxItem } from '../api/types.ts';
import { ROUTES } from '../routes.ts';
import { useTexts } from '../texts/texts-context.tsx';
import { LoadError } from '../theme/load-error.tsx';
import { PageState } from '../theme/page-state.tsx';
import { SkeletonRows } from '../theme/skeleton-rows.tsx';
import { useNote } from '../theme/use-note.ts';
import { Message } from './message.tsx';
import { useInboxItem, useMark } from './use-inbox.ts';
import './messages.css';

export function MessagePage() {
  const { common, message: texts } = useTexts();
  const id = Number(useParams().id);
  const query = useInboxItem(id);
  useReadOnSight(query.data);
  const isGone = query.isError && ['not-found', 'invalid-input'].includes(failureCode(query.error));
  return (
    <IonPage>
      <IonHeader>
        <IonToolbar>
          <IonButtons slot="start">
            <IonBackButton defaultHref={ROUTES.messages} text="" aria-label={common.back} />
          </IonButtons>
          <IonTitle>{texts.title}</IonTitle>
          <IonButtons slot="end">{query.data && !isGone && <MessageButtons item={query.data} />}</IonButtons>
        </IonToolbar>
      </IonHeader>
      <IonContent>
        <main className="column">
          {isGone ? (
            <PageState
              isError
              icon={trashOutline}
              title={texts.gone}
              hint={texts.goneHint}
              action={{ label: texts.toMessages, routerLink: ROUTES.messages }}
            />
          ) : query.data ? (
            <Message item={query.data} />
          ) : query.isError ? (
            <LoadError title={texts.loadFailed} error={query.error} onRetry={() => void query.refetch()} />
          ) : (
            <SkeletonRows count={1} />
          )}
        </main>
      </IonContent>
    </IonPage>
  );
}

/** Seeing a message is reading it; once per visit, so that "mark as unread" is not undone at once. */
function useReadOnSight(item: InboxItem | undefined): void {
  const { mutate } = useMark();
  const seen = useRef<number | null>(null);
  useEffect(() => {
    if (!item || seen.current === item.id) return;
    seen.current = item.id;
    if (!item.isRead) mutate({ id: item.id, status: 'read' });
  }, [item, mutate]);
}

function MessageButtons({ item }: { readonly item: InboxItem }) {
  const { message: texts } = useTexts();
  const router = useIonRouter();
  const mark = useMark();
  const askAndDelete = useAskAndDelete(item.id);
  const leave = () =>
    router.canGoBack() ? router.goBack() : router.push(ROUTES.messages, 'back', 'replace');
  return (
    <>
      <IonButton
        aria-label={texts.markUnread}
        title={texts.markUnread}
        onClick={() => {
          mark.mutate({ id: item.id, status: 'unread' });
          leave();
        }}
      >
        <IonIcon slot="icon-only" icon={mailUnreadOutline} aria-hidden="true" />
      </IonButton>
      <IonButton aria-label={texts.delete} title={texts.delete} onClick={() => askAndDelete(leave)}>
        <IonIcon slot="icon-only" icon={trashOutline} aria-hidden="true" />
      </IonButton>
    </>
  );
}

function useAskAndDelete(id: number): (onDeleted: () => void) => void {
  const { common, message: texts } = useTexts();
  const mark = useMark();
  const [ask] = useIonAlert();
  const note = useNote();
  const remove = async (onDeleted: () => void) => {
    try {
      await mark.mutateAsync({ id, status: 'deleted' });
      onDeleted();
      note(texts.deleted);
    } catch {
      note(common.failed, 'failed');
    }
  };
  return (onDeleted) =>
    void ask({
      header: texts.deleteQuestion,
      message: texts.deleteHint,
      buttons: [
        { text: texts.cancel, role: 'cancel' },
        { text: texts.delete, role: 'destructive', handler: () => void remove(onDeleted) },
      ],
    });
}
