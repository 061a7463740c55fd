import {
  IonBackButton,
  IonButtons,
  IonContent,
  IonHeader,
  IonPage,
  IonTitle,
  IonToolbar,
} from '@ionic/react';
import type { ReactNode } from 'react';
import { useTexts } from '../texts/texts-context.tsx';

interface SubPageProps {
  readonly title: string;
  /** Where "back" leads when this screen was opened by its address. */
  readonly above: string;
  readonly children: ReactNode;
}

/** A screen below one of the tabs. */
export function SubPage({ title, above, children }: SubPageProps) {
  const { common } = useTexts();
  return (
    <IonPage>
      <IonHeader>
        <IonToolbar>
          <IonButtons slot="start">
            <IonBackButton defaultHref={above} text="" aria-label={common.back} />
          </IonButtons>
          <IonTitle role="heading" aria-level={1}>
            {title}
          </IonTitle>
        </IonToolbar>
      </IonHeader>
      <IonContent>
        <main className="column">{children}</main>
      </IonContent>
    </IonPage>
  );
}
