import { safeLink } from '../messages/safe-link.ts';
import type { ToPage } from '../notifications/worker-message.ts';
import type { ShownData } from './present.ts';

/** Where a click leads: an action's own address, else the message in this app. */
export function clickTarget(data: ShownData, action: string): { path: string } | { url: string } {
  const url = safeLink(data.actions.find(({ id }) => id === action)?.url);
  return url === null ? { path: data.path } : { url };
}

/** Shows `path` in a page that is already open, or opens one. */
export async function openPath(clients: Clients, path: string): Promise<void> {
  const pages = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = pages.find(({ focused }) => focused) ?? pages[0];
  if (!page) {
    await clients.openWindow(path);
    return;
  }
  const message: ToPage = { type: 'open', path };
  page.postMessage(message);
  await page.focus();
}
