/** Asks the browser for a push subscription (Push API, https://www.w3.org/TR/push-api/). */
import type { WebPushDevice } from '../api/types.ts';
import { settleWithin } from './settle-within.ts';

/** Chromium without access to its push service never settles `subscribe()`. */
const SUBSCRIBE_LIMIT_MS = 20_000;

export class SubscriptionRefused extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'SubscriptionRefused';
  }
}

/**
 * Subscribes, which also asks the reader for permission: call it directly inside a click, since browsers refuse the
 * question otherwise. `serverKey` is the VAPID public key, base64url. Rejects with `TimedOut` or `SubscriptionRefused`.
 */
export function subscribe(worker: ServiceWorkerRegistration, serverKey: string): Promise<PushSubscription> {
  const options = { userVisibleOnly: true, applicationServerKey: serverKey };
  const attempt = worker.pushManager.subscribe(options).catch(async (error: DOMException) => {
    if (error.name !== 'InvalidStateError') throw new SubscriptionRefused(error.name);
    // The subscription was made for another server key: it is useless and in the way.
    await (await worker.pushManager.getSubscription())?.unsubscribe();
    return worker.pushManager.subscribe(options);
  });
  return settleWithin(attempt, SUBSCRIBE_LIMIT_MS, () => Notification.permission === 'default');
}

export function toDevice(subscription: PushSubscription): WebPushDevice {
  const { endpoint, keys } = subscription.toJSON();
  if (!endpoint || !keys?.p256dh || !keys.auth) throw new SubscriptionRefused('The subscription has no keys');
  return { endpoint, p256dh: keys.p256dh, auth: keys.auth, name: browserName(navigator.userAgent) };
}

const BROWSERS = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
] as const;
const SYSTEMS = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'Mac'],
  [/Linux/, 'Linux'],
] as const;

/** A name the reader recognises in a list of devices, such as "Firefox on Linux". */
export function browserName(userAgent: string): string {
  const find = (names: readonly (readonly [RegExp, string])[]) =>
    names.find(([pattern]) => pattern.test(userAgent))?.[1];
  return [find(BROWSERS) ?? 'Browser', find(SYSTEMS)].filter(Boolean).join(' on ');
}
