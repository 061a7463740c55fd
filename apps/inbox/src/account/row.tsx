import { IonButton, IonItem, useIonAlert } from '@ionic/react';
import type { ReactNode } from 'react';
import { useTexts } from '../texts/texts-context.tsx';

interface RowProps {
  readonly title: string;
  readonly mark?: string | null;
  readonly lines: readonly string[];
  /** A question before something ends. */
  readonly action?: {
    readonly label: string;
    /** What a screen reader says: the label alone would not tell which one. */
    readonly name: string;
    readonly question: string;
    readonly hint: string;
    readonly onConfirm: () => void;
  };
}

/** One login or one device. */
export function Row({ title, mark, lines, action }: RowProps): ReactNode {
  const { account: texts } = useTexts();
  const [ask] = useIonAlert();
  const onClick =
    action &&
    (() =>
      void ask({
        header: action.question,
        message: action.hint,
        buttons: [
          { text: texts.cancel, role: 'cancel' },
          { text: action.label, role: 'destructive', handler: action.onConfirm },
        ],
      }));
  return (
    <IonItem className="account-row" lines="none">
      <div className="account-row-text">
        <h2>
          {title}
          {mark && <span className="account-mark">{mark}</span>}
        </h2>
        {lines.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
      {action && (
        <IonButton slot="end" fill="clear" aria-label={action.name} onClick={onClick}>
          {action.label}
        </IonButton>
      )}
    </IonItem>
  );
}
