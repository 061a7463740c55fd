export type Unsupported = 'insecure' | 'install-first' | 'browser';

/** Why this browser cannot take pushes, or null when it can. */
export function whyUnsupported(): Unsupported | null {
  if (!window.isSecureContext) return 'insecure';
  if ('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window) return null;
  // Safari on iOS has Web Push only for pages on the Home Screen (WebKit, since iOS 16.4).
  return /iPhone|iPad/.test(navigator.userAgent) ? 'install-first' : 'browser';
}
