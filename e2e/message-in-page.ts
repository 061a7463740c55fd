/** Runs in the page or its service worker: each function is sent there as text, so it uses nothing from this file. */

export interface ReadMessage {
  readonly title: string | null;
  readonly subtitle: string | null;
  readonly body: string | null;
  /** Names and values by turns. */
  readonly details: readonly (string | null)[];
  /** Where its buttons lead. */
  readonly links: readonly string[];
}

/** The message that is on the screen; null while there is none. */
export function readMessage(): ReadMessage | null {
  const message = [...document.querySelectorAll('.ion-page:not(.ion-page-hidden) > ion-content .message')].at(
    -1,
  );
  if (!message) return null;
  const textOf = (selector: string) => message.querySelector(selector)?.textContent ?? null;
  return {
    title: textOf('h1'),
    subtitle: textOf('.message-subtitle'),
    body: textOf('.message-text'),
    details: [...message.querySelectorAll('dt, dd')].map(({ textContent }) => textContent),
    links: [...message.querySelectorAll('ion-button')].map((button) => {
      const link = button.shadowRoot?.querySelector('a');
      return link?.href ?? '';
    }),
  };
}

/** Makes an endless list look again whether its end is on the screen. */
export function scrollAwayAndBack(end: Element): void {
  document.querySelector('.message-row')?.scrollIntoView();
  requestAnimationFrame(() => end.scrollIntoView());
}

declare global {
  interface Window {
    /** Resolves when the service worker showed what was pushed. */
    shown: Promise<void>;
  }
}

/**
 * For before a push: the worker tells its pages once it is shown. Chromium forgets a notification when it is asked for
 * them while it shows one.
 */
export function awaitShown(): void {
  window.shown = new Promise((resolve) => {
    const listen = ({ data }: MessageEvent<{ type: string }>) => {
      if (data.type !== 'arrived') return;
      navigator.serviceWorker.removeEventListener('message', listen);
      resolve();
    };
    navigator.serviceWorker.addEventListener('message', listen);
  });
}

/** The only notification, once it is shown. */
export async function readNotification(): Promise<{ title: string; body: string } | null> {
  await window.shown;
  const worker = await navigator.serviceWorker.ready;
  const [shown] = await worker.getNotifications();
  return shown ? { title: shown.title, body: shown.body } : null;
}

/**
 * In the service worker: what the browser does when the reader clicks each button of the shown notification, and then
 * the notification itself. Windows are not opened but told, since browsers open them for real clicks only.
 */
export async function clickAll(): Promise<{ opened: string[]; ran: boolean }> {
  const scope = globalThis as unknown as {
    registration: ServiceWorkerRegistration;
    clients: { openWindow(url: string): Promise<null> };
    NotificationEvent: typeof Event;
  };
  const opened: string[] = [];
  scope.clients.openWindow = async (url) => {
    opened.push(url);
    return null;
  };
  const [notification] = await scope.registration.getNotifications();
  if (!notification) throw new Error('no notification is shown');
  const { actions } = notification.data as { actions: readonly { readonly id: string }[] };
  for (const action of [...actions.map(({ id }) => id), ''])
    dispatchEvent(new scope.NotificationEvent('notificationclick', { notification, action } as EventInit));
  return { opened, ran: '__ran' in globalThis };
}
