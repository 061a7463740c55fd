import {
  IonButton,
  IonButtons,
  IonContent,
  IonHeader,
  IonIcon,
  IonInfiniteScroll,
  IonInfiniteScrollContent,
  IonList,
  IonPage,
  IonTitle,
  IonToolbar,
} from '@ionic/react';
import { checkmarkDoneOutline, notificationsOutline } from 'ionicons/icons';
import { EnableCard } from '../notifications/enable-card.tsx';
import { ROUTES } from '../routes.ts';
import { useServices } from '../services/use-services.ts';
import { useTexts } from '../texts/texts-context.tsx';
import { LoadError } from '../theme/load-error.tsx';
import { PageState } from '../theme/page-state.tsx';
import { SkeletonRows } from '../theme/skeleton-rows.tsx';
import { useNow } from '../theme/use-now.ts';
import { MessageRow } from './message-row.tsx';
import { useInbox, useMark, useUnreadCount } from './use-inbox.ts';
import './messages.css';

const MINUTE_MS = 60_000;

export function MessagesPage() {
  const { messages: texts } = useTexts();
  return (
    <IonPage>
      <IonHeader>
        <IonToolbar>
          <IonTitle role="heading" aria-level={1}>
            {texts.title}
          </IonTitle>
          <IonButtons slot="end">
            <MarkAllRead />
          </IonButtons>
        </IonToolbar>
      </IonHeader>
      <IonContent>
        <main className="column">
          <EnableCard />
          <MessageList />
        </main>
      </IonContent>
    </IonPage>
  );
}

/** Always there, so that the title does not move; only usable when there is something to mark. */
function MarkAllRead() {
  const { messages: texts } = useTexts();
  const unread = useUnreadCount();
  const mark = useMark();
  return (
    <IonButton
      disabled={unread === 0}
      aria-label={texts.markAllRead}
      title={texts.markAllRead}
      onClick={() => mark.mutate({ id: null, status: 'read' })}
    >
      <IonIcon slot="icon-only" icon={checkmarkDoneOutline} aria-hidden="true" />
    </IonButton>
  );
}

function MessageList() {
  const { messages: texts } = useTexts();
  const inbox = useInbox();
  const now = useNow(MINUTE_MS);
  if (inbox.isPending) return <SkeletonRows count={7} />;
  if (!inbox.data)
    return <LoadError title={texts.loadFailed} error={inbox.error} onRetry={() => void inbox.refetch()} />;
  const items = inbox.data.pages.flatMap((page) => page.items);
  if (items.length === 0) return <EmptyInbox />;
  return (
    <>
      <IonList aria-label={texts.title} lines="none">
        {items.map((item) => (
          <MessageRow key={item.id} item={item} now={now} />
        ))}
      </IonList>
      {!inbox.hasNextPage && items.length > 10 && <p className="list-end">{texts.end}</p>}
      <IonInfiniteScroll
        disabled={!inbox.hasNextPage}
        onIonInfinite={({ target }) => void inbox.fetchNextPage().finally(() => target.complete())}
      >
        <IonInfiniteScrollContent loadingSpinner="crescent" loadingText={texts.loadingMore} />
      </IonInfiniteScroll>
    </>
  );
}

function EmptyInbox() {
  const { messages: texts } = useTexts();
  const services = useServices();
  if (services.isPending) return <SkeletonRows count={7} />;
  const isSubscribed = services.data?.some((service) => service.isSubscribed) ?? true;
  return isSubscribed ? (
    <PageState icon={notificationsOutline} title={texts.emptyTitle} hint={texts.emptySubscribed} />
  ) : (
    <PageState
      icon={notificationsOutline}
      title={texts.emptyTitle}
      hint={texts.emptyUnsubscribed}
      action={{ label: texts.chooseServices, routerLink: ROUTES.services }}
    />
  );
}
