/**
 * The service worker. It shows every push, whatever is in it (browsers end a subscription whose pushes are not
 * shown), says what became of it, and keeps the page for offline starts.
 */
import type { ToPage, ToWorker } from '../notifications/worker-message.ts';
import { CATALOGUES, chooseLanguage } from '../texts/texts.ts';
import { clickTarget, openPath } from './click.ts';
import { postReceipt } from './post-receipt.ts';
import { presentPush, type Shown, type ShownData } from './present.ts';
import { type PushPayload, parsePush } from './push-payload.ts';
import { createReceiptQueue, type ReceiptEvent } from './receipt-queue.ts';
import { createReceiptStore } from './receipt-store.ts';
import { dropOldShells, fromShell, keepShell, keptAddress } from './shell-cache.ts';

declare const self: ServiceWorkerGlobalScope;

const receipts = createReceiptQueue({
  store: createReceiptStore(indexedDB),
  post: (receipt) => postReceipt('', receipt),
  clock: Date.now,
});

self.addEventListener('install', (event) => event.waitUntil(keepShell(caches)));

self.addEventListener('activate', (event) =>
  event.waitUntil(Promise.all([dropOldShells(caches), self.clients.claim(), replay()])),
);

self.addEventListener('fetch', (event) => {
  const address = keptAddress(event.request, self.location.origin);
  if (address !== null) event.respondWith(fromShell(caches, address, event.request));
});

self.addEventListener('message', (event) => {
  const message = event.data as ToWorker;
  event.waitUntil(message.type === 'skip-waiting' ? self.skipWaiting() : replay());
});

self.addEventListener('push', (event) => {
  const payload = event.data ? parsePush(event.data.text(), Date.now()) : null;
  event.waitUntil(showPush(payload));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const data = event.notification.data as ShownData;
  const target = clickTarget(data, event.action);
  // Opening comes first: browsers allow it only briefly after the click.
  const open = 'url' in target ? self.clients.openWindow(target.url) : openPath(self.clients, target.path);
  event.waitUntil(Promise.allSettled([open, report(data.receipt, 'opened')]));
});

self.addEventListener('notificationclose', (event) => {
  const data = event.notification.data as ShownData;
  event.waitUntil(report(data.receipt, 'dismissed'));
});

self.addEventListener('pushsubscriptionchange', (event) => {
  event.waitUntil(resubscribe((event as PushSubscriptionChangeEvent).oldSubscription));
});

async function showPush(payload: PushPayload | null): Promise<void> {
  const texts = CATALOGUES[chooseLanguage(self.navigator.languages)];
  await keep(payload?.receipt ?? '', 'received');
  await show(presentPush(payload, texts, Date.now()));
  await keep(payload?.receipt ?? '', 'displayed');
  await Promise.allSettled([replay(), tellPages({ type: 'arrived' }), setBadge(payload)]);
}

async function show({ title, options }: Shown): Promise<void> {
  const [before] = await self.registration.getNotifications({ tag: options.tag });
  // A repeat of the same message replaces quietly; another message under the same tag is news.
  const renotify = before !== undefined && (before.data as ShownData | null)?.id !== options.data.id;
  await self.registration.showNotification(title, { ...options, renotify } as NotificationOptions);
}

async function setBadge(payload: PushPayload | null): Promise<void> {
  if (payload?.badge != null) await self.navigator.setAppBadge?.(payload.badge);
}

async function report(token: string, event: ReceiptEvent): Promise<void> {
  await keep(token, event);
  await replay();
}

/** A browser without storage (full disk, private window) loses the receipt, never the notification. */
async function keep(token: string, event: ReceiptEvent): Promise<void> {
  try {
    await receipts.keep(token, event);
  } catch (error) {
    console.warn('the receipt could not be kept', error);
  }
}

async function replay(): Promise<void> {
  try {
    await receipts.replay();
  } catch (error) {
    console.warn('receipts could not be sent', error);
  }
}

async function tellPages(message: ToPage): Promise<void> {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  for (const page of pages) page.postMessage(message);
}

/** As far as it goes without the login: the new subscription is registered by the page, now or at its next start. */
async function resubscribe(old: PushSubscription | null): Promise<void> {
  const key = old?.options.applicationServerKey;
  if (key)
    await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  await tellPages({ type: 'subscription-changed' });
}
