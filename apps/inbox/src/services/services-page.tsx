import {
  IonContent,
  IonHeader,
  IonItem,
  IonList,
  IonPage,
  IonTitle,
  IonToggle,
  IonToolbar,
} from '@ionic/react';
import { layersOutline } from 'ionicons/icons';
import type { Service } from '../api/types.ts';
import { useSignedIn } from '../session/session-context.tsx';
import { useTexts } from '../texts/texts-context.tsx';
import { LoadError } from '../theme/load-error.tsx';
import { PageState } from '../theme/page-state.tsx';
import { ServiceDot } from '../theme/service-dot.tsx';
import { SkeletonRows } from '../theme/skeleton-rows.tsx';
import { useNote } from '../theme/use-note.ts';
import { useServices, useSetSubscription } from './use-services.ts';
import './services-page.css';

export function ServicesPage() {
  const { services: texts } = useTexts();
  return (
    <IonPage>
      <IonHeader>
        <IonToolbar>
          <IonTitle role="heading" aria-level={1}>
            {texts.title}
          </IonTitle>
        </IonToolbar>
      </IonHeader>
      <IonContent>
        <main className="column">
          <ServiceList />
        </main>
      </IonContent>
    </IonPage>
  );
}

function ServiceList() {
  const { services: texts } = useTexts();
  const { session } = useSignedIn();
  const services = useServices();
  if (services.isPending) return <SkeletonRows count={5} />;
  if (!services.data)
    return (
      <LoadError title={texts.loadFailed} error={services.error} onRetry={() => void services.refetch()} />
    );
  if (services.data.length === 0) {
    const hint = session.user.isAdmin ? texts.emptyAdmin : texts.emptyUser;
    return <PageState icon={layersOutline} title={texts.emptyTitle} hint={hint} />;
  }
  return (
    <>
      <p className="list-lead">{texts.lead}</p>
      <IonList aria-label={texts.title} lines="none">
        {services.data.map((service) => (
          <ServiceRow key={service.id} service={service} />
        ))}
      </IonList>
    </>
  );
}

function ServiceRow({ service }: { readonly service: Service }) {
  const { services: texts } = useTexts();
  const note = useNote();
  const setSubscription = useSetSubscription(({ category }) => note(texts.changeFailed(category), 'failed'));
  return (
    <IonItem className="service-row" lines="none">
      <IonToggle
        justify="space-between"
        aria-label={service.category}
        checked={service.isSubscribed}
        onIonChange={({ detail }) => setSubscription.mutate({ service, wanted: detail.checked })}
      >
        <span className="service-label">
          <ServiceDot color={service.color} />
          <span className="service-names">
            <span>{service.category}</span>
            {service.owner && <small>{service.owner}</small>}
          </span>
        </span>
      </IonToggle>
    </IonItem>
  );
}
