import type { ToWorker } from './worker-message.ts';

export interface WorkerEvents {
  /** A new version waits; call `use` to take it, which loads the page again. */
  readonly onUpdate: (use: () => void) => void;
}

/** Registers the service worker, which keeps the page for offline starts and shows pushes. */
export async function registerWorker({ onUpdate }: WorkerEvents): Promise<void> {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  const registration = await navigator.serviceWorker.register('/sw.js', { updateViaCache: 'none' });
  const offer = () => {
    // Without a controller this is the first installation, not an update.
    const { waiting } = registration;
    if (waiting && navigator.serviceWorker.controller) onUpdate(() => takeOver(waiting));
  };
  offer();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
  post(registration.active, { type: 'replay-receipts' });
}

function takeOver(waiting: ServiceWorker): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  post(waiting, { type: 'skip-waiting' });
}

function post(worker: ServiceWorker | null, message: ToWorker): void {
  worker?.postMessage(message);
}
