import type { Notification } from '../notification.ts';

/** What is useless when it is cut: it travels whole or not at all. */
export type Extras = Pick<Notification, 'url' | 'actions' | 'data'>;

/** Half of what a provider takes; the other half is kept for the texts people read. */
const MOST_EXTRA_BYTES = 2_048;

/** Keeps the link, then the actions, then the data while they fit. The app reads the rest from the API by id. */
export function keepExtras({ url, actions, data }: Extras): Extras {
  let room = MOST_EXTRA_BYTES;
  const fits = (value: unknown) => {
    // Encoded twice, as it is where a provider only takes strings.
    const bytes = Buffer.byteLength(JSON.stringify(JSON.stringify(value)));
    if (bytes <= room) room -= bytes;
    else return false;
    return true;
  };
  return { url: fits(url) ? url : '', actions: fits(actions) ? actions : [], data: fits(data) ? data : {} };
}
