import { IonButton, IonIcon } from '@ionic/react';
import { openOutline } from 'ionicons/icons';
import type { InboxItem } from '../api/types.ts';
import { useTexts } from '../texts/texts-context.tsx';
import { ServiceDot } from '../theme/service-dot.tsx';
import { formatFullTime } from './format-time.ts';
import { PriorityMark } from './priority-mark.tsx';
import { safeLink } from './safe-link.ts';

export function Message({ item }: { readonly item: InboxItem }) {
  const { messages, message: texts } = useTexts();
  const link = safeLink(item.url);
  return (
    <article className="message">
      <p className="message-from">
        <ServiceDot color={item.color} />
        <span>{item.category || messages.direct}</span>
      </p>
      <h1>
        <PriorityMark priority={item.priority} />
        {item.title}
      </h1>
      {item.subtitle && <p className="message-subtitle">{item.subtitle}</p>}
      <time dateTime={item.createdAt}>
        {formatFullTime(Date.parse(item.createdAt), document.documentElement.lang)}
      </time>
      {item.body && <div className="message-text">{item.body}</div>}
      <div className="message-links">
        {link && <LinkButton href={link} label={texts.openLink} />}
        {item.actions.map((action) => {
          const href = safeLink(action.url);
          return href && <LinkButton key={action.id} href={href} label={action.title} />;
        })}
      </div>
      <Details data={item.data} />
    </article>
  );
}

function LinkButton({ href, label }: { readonly href: string; readonly label: string }) {
  return (
    <IonButton fill="outline" href={href} target="_blank" rel="noopener noreferrer">
      {label}
      <IonIcon slot="end" icon={openOutline} aria-hidden="true" />
    </IonButton>
  );
}

function Details({ data }: { readonly data: InboxItem['data'] }) {
  const { message: texts } = useTexts();
  const entries = Object.entries(data);
  if (entries.length === 0) return null;
  return (
    <section className="message-details" aria-label={texts.details}>
      <h2>{texts.details}</h2>
      <dl>
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
