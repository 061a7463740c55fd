/** What the page and its service worker say to each other. */
export type ToPage =
  | { readonly type: 'open'; readonly path: string }
  | { readonly type: 'arrived' }
  /** The browser replaced the subscription; only the page has the login to tell the server. */
  | { readonly type: 'subscription-changed' };

export type ToWorker =
  | { readonly type: 'skip-waiting' }
  /** The page is open, so the network may be back: send the receipts that could not be sent. */
  | { readonly type: 'replay-receipts' };
