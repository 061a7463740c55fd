import { IonButton, IonIcon } from '@ionic/react';
import type { ReactNode } from 'react';

interface PageStateProps {
  readonly icon: string;
  readonly title: string;
  readonly hint: string;
  readonly action?: { readonly label: string; readonly routerLink?: string; readonly onClick?: () => void };
  /** Announced at once by screen readers. */
  readonly isError?: boolean;
}

/** What a screen shows instead of its list: nothing there yet, or something went wrong. */
export function PageState({ icon, title, hint, action, isError = false }: PageStateProps): ReactNode {
  return (
    <div className="page-state" role={isError ? 'alert' : undefined}>
      <IonIcon icon={icon} aria-hidden="true" />
      <h2>{title}</h2>
      <p>{hint}</p>
      {action && (
        <IonButton
          fill="outline"
          {...(action.routerLink && { routerLink: action.routerLink })}
          onClick={action.onClick}
        >
          {action.label}
        </IonButton>
      )}
    </div>
  );
}
