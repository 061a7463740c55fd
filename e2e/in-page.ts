/** Runs inside the page: each function is sent there as text, so it uses nothing from this file. */

declare global {
  interface Window {
    /** Resolves with the ms since the epoch at which the awaited text was painted. */
    arrival: Promise<number>;
    /** What the content security policy refused so far. */
    violations: string[];
    /** How far the layout jumped by itself so far: https://web.dev/articles/cls. 0 is not at all. */
    shift: number;
  }
}

/** Starts to wait for `text`; `arrival` tells when it came. */
export function awaitText(text: string): void {
  window.arrival = new Promise((resolve) => {
    const look = () => {
      if (!document.body.textContent?.includes(text)) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve(Date.now()));
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
    look();
  });
}

/** For the start of a page: keeps what its content security policy refuses. */
export function keepViolations(): void {
  window.violations = [];
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    window.violations.push(`${violatedDirective} ${blockedURI}`);
  });
}

/** For the start of a page, in Chromium only: adds up what moves without the reader's doing. */
export function keepShifts(): void {
  window.shift = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & {
      value: number;
      hadRecentInput: boolean;
    })[])
      if (!entry.hadRecentInput) window.shift += entry.value;
  });
  observer.observe({ type: 'layout-shift', buffered: true });
}

/** Titles of the notifications that the service worker shows. */
export async function shownTitles(): Promise<string[]> {
  const worker = await navigator.serviceWorker.ready;
  return (await worker.getNotifications()).map(({ title }) => title);
}
