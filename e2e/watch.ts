/** Writes down whatever a stored text made a browser do that text does not do. */
import type { BrowserContext, Page } from 'playwright-core';
import { PATIENCE_MS } from './stage.ts';

/** The browser says this of every answer that is an error, and some are wanted here. */
const WANTED_COMPLAINT = /^Failed to load resource: the server responded with a status of 4\d\d/;

/** Follows every page of `context`, also those it opens later. The list grows; it is empty when nothing happened. */
export async function watch(context: BrowserContext, origin: string): Promise<string[]> {
  const incidents: string[] = [];
  await context.exposeBinding('tellRan', (_source, name: unknown) => void incidents.push(`ran: ${name}`));
  await context.addInitScript(tellWhatRuns);
  context.on('page', (page) => watchPage(page, origin, incidents));
  for (const page of context.pages()) watchPage(page, origin, incidents);
  return incidents;
}

function watchPage(page: Page, origin: string, incidents: string[]): void {
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('console', (message) => {
    const isComplaint = ['error', 'warning'].includes(message.type());
    if (isComplaint && !WANTED_COMPLAINT.test(message.text())) incidents.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => incidents.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    incidents.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('frameattached', (frame) => incidents.push(`frame: ${frame.url()}`));
  page.on('framenavigated', (frame) => {
    const url = frame.url();
    const isHome =
      url === 'about:blank' || (url.startsWith(`${origin}/`) && !url.startsWith(`${origin}/ran`));
    if (!isHome) incidents.push(`navigated: ${url}`);
  });
}

declare global {
  interface Window {
    tellRan(name: string): void;
  }
}

/** For the start of every frame: `__ran` tells the test. */
function tellWhatRuns(): void {
  // It may run twice in a page that another one opened.
  const set = (name: string) => window.tellRan(name);
  Object.defineProperty(window, '__ran', { set, configurable: true });
}

/**
 * Runs in the page. What in it, also in shadow roots, only markup or an address out of a stored text can have made:
 * handlers, frames, scripts that are no file of the app, addresses of other schemes than the web's.
 */
export function strangers(): string[] {
  const addressed = ['href', 'src', 'action', 'formaction', 'data', 'srcdoc'];
  const strange = (element: Element): string[] => {
    const tag = element.localName;
    const handlers = element.getAttributeNames().filter((name) => /^on[a-z]+$/.test(name));
    // The logo of the API documents is such an image; no hostile text is.
    const isLogo = (address: string) => tag === 'img' && address.startsWith('data:image/svg+xml;base64,');
    const addresses = addressed
      .flatMap((name) => element.getAttribute(name) ?? [])
      .filter((address) => !isLogo(address));
    const foreign = addresses.filter(
      (address) => !/^https?:$/.test(new URL(address, location.href).protocol),
    );
    const isMarkup = ['iframe', 'object', 'embed', 'base', 'details', 'b'].includes(tag);
    const isScript = tag === 'script' && !element.hasAttribute('src');
    const isBroken = tag === 'img' && element.getAttribute('src') === 'x';
    return [...handlers, ...foreign, ...(isMarkup || isScript || isBroken ? ['element'] : [])].map(
      (what) => `${tag}: ${what}`,
    );
  };
  const walk = (root: Document | ShadowRoot): string[] =>
    [...root.querySelectorAll('*')].flatMap((element) => [
      ...strange(element),
      ...(element.shadowRoot ? walk(element.shadowRoot) : []),
    ]);
  return walk(document);
}
