import { IonItem } from '@ionic/react';
import { memo } from 'react';
import type { InboxItem } from '../api/types.ts';
import { messagePath } from '../routes.ts';
import { useTexts } from '../texts/texts-context.tsx';
import { ServiceDot } from '../theme/service-dot.tsx';
import { formatTime } from './format-time.ts';
import { PriorityMark } from './priority-mark.tsx';

interface MessageRowProps {
  readonly item: InboxItem;
  /** ms; moves on by itself, so that "now" does not stay now for ever. */
  readonly now: number;
}

export const MessageRow = memo(function MessageRow({ item, now }: MessageRowProps) {
  const { messages: texts } = useTexts();
  const preview = [item.subtitle, item.body].filter(Boolean).join(' · ');
  return (
    <IonItem
      className={`message-row ${item.isRead ? 'is-read' : 'is-unread'}`}
      button
      detail={false}
      lines="none"
      routerLink={messagePath(item.id)}
    >
      <div className="message-row-body">
        <div className="message-row-top">
          <ServiceDot color={item.color} />
          <span className="message-row-service">{item.category || texts.direct}</span>
          <time dateTime={item.createdAt}>
            {formatTime(Date.parse(item.createdAt), now, document.documentElement.lang, texts)}
          </time>
        </div>
        <div className="message-row-title">
          {!item.isRead && <span className="unread-mark" role="img" aria-label={texts.unread} />}
          <PriorityMark priority={item.priority} />
          <span>{item.title}</span>
        </div>
        {preview && <div className="message-row-preview">{preview}</div>}
      </div>
    </IonItem>
  );
});
