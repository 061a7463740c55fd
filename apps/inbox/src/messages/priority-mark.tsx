import { IonIcon } from '@ionic/react';
import { alertCircle } from 'ionicons/icons';
import type { InboxItem } from '../api/types.ts';
import { useTexts } from '../texts/texts-context.tsx';

/** Only what is urgent is worth a mark. */
export function PriorityMark({ priority }: { readonly priority: InboxItem['priority'] }) {
  const { messages: texts } = useTexts();
  if (priority !== 'high' && priority !== 'critical') return null;
  return (
    <IonIcon
      className={`priority-mark is-${priority}`}
      icon={alertCircle}
      role="img"
      aria-label={texts.priority[priority]}
    />
  );
}
