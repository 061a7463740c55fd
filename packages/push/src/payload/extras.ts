import type { Notification } from '../notification.ts';

/** What is useless when it is cut: it travels whole or not at all. */
export type Extras = Pick<Notification, 'url' | 'actions' | 'data'>;

/**
 * Keeps the link, then the actions, then the data while they fit into half of `maxBytes`; the other half is for the
 * texts people read. The app reads the rest from the API by id.
 */
export function keepExtras({ url, actions, data }: Extras, maxBytes: number): Extras {
  let room = maxBytes / 2;
  const fits = (value: unknown) => {
    // Encoded twice, as it is where a provider only takes strings.
    const bytes = Buffer.byteLength(JSON.stringify(JSON.stringify(value)));
    if (bytes > room) return false;
    room -= bytes;
    return true;
  };
  return { url: fits(url) ? url : '', actions: fits(actions) ? actions : [], data: fits(data) ? data : {} };
}
