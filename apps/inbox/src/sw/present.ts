import { messagePath, ROUTES } from '../routes.ts';
import type { Texts } from '../texts/en.ts';
import type { PushAction, PushPayload } from './push-payload.ts';

/** Kept with the notification on the screen, for when it is clicked or closed. */
export interface ShownData {
  readonly id: number;
  readonly path: string;
  readonly receipt: string;
  readonly actions: readonly PushAction[];
}

export interface Shown {
  readonly title: string;
  readonly options: {
    readonly body: string;
    readonly tag: string;
    readonly timestamp: number;
    readonly icon: string;
    readonly badge: string;
    readonly data: ShownData;
    readonly actions: readonly { readonly action: string; readonly title: string }[];
    readonly requireInteraction: boolean;
    readonly silent: boolean;
  };
}

const ICON = '/icons/icon-192.png';
const BADGE = '/icons/badge-96.png';

/** A notification for every push. `payload` null is a push that could not be read; `now` in ms. */
export function presentPush(payload: PushPayload | null, texts: Texts, now: number): Shown {
  if (!payload) return presentUnreadable(texts, now);
  const { id, receipt, actions, tag, timestamp, priority } = payload;
  return {
    title: payload.title || payload.serviceName || texts.notification.title,
    options: {
      body: [payload.subtitle, payload.body].filter(Boolean).join('\n'),
      tag,
      timestamp,
      icon: ICON,
      badge: BADGE,
      data: { id, path: id > 0 ? messagePath(id) : ROUTES.messages, receipt, actions },
      actions: actions.map((action) => ({ action: action.id, title: action.title })),
      requireInteraction: priority === 'critical',
      silent: priority === 'low',
    },
  };
}

function presentUnreadable({ notification }: Texts, now: number): Shown {
  return {
    title: notification.title,
    options: {
      body: notification.body,
      tag: 'tocsin-unreadable',
      timestamp: now,
      icon: ICON,
      badge: BADGE,
      data: { id: 0, path: ROUTES.messages, receipt: '', actions: [] },
      actions: [],
      requireInteraction: false,
      silent: false,
    },
  };
}
