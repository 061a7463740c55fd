/**
 * Google's message, built once per notification and app. Data only: a notification message would be drawn by the
 * system without running the app, and no receipt could be sent. All values are strings.
 */
import { collapseIdentity, type Notification, SHORT_TEXT_LIMIT } from '../notification.ts';
import { type SplicedPayload, spliceJson } from '../payload/spliced-payload.ts';
import { fitTexts, truncateUnits } from '../payload/truncate.ts';
import { MOST_DATA_BYTES } from './config.ts';

/** Upper bound of a registration token; Google's are about 160 bytes and may grow. */
export const MOST_TOKEN_BYTES = 4_096;
const HOLES_BYTES = 80;
/** JSON around the data that does not count towards Google's limit, and braces that do not either. */
const FRAME_BYTES = 200;

/** Hole 0 is the token, hole 1 the receipt token. */
export function buildMessage(notification: Notification, app: string): SplicedPayload {
  const { title, subtitle, body, url } = notification;
  return fitTexts(
    { title, subtitle, body, url },
    (texts) => build(notification, app, texts),
    (built) => built.fixedBytes,
    MOST_DATA_BYTES + FRAME_BYTES - HOLES_BYTES,
  );
}

function build(
  notification: Notification,
  app: string,
  texts: Pick<Notification, 'title' | 'subtitle' | 'body' | 'url'>,
): SplicedPayload {
  const { priority, ttlSeconds, collapseKey } = notification;
  const text = truncateUnits(texts.subtitle || texts.body, SHORT_TEXT_LIMIT);
  const plain = { title: texts.title, body: text, url: texts.url };
  return spliceJson((hole) => ({
    message: {
      token: hole(0, 'text'),
      data: {
        ...(app === ''
          ? plain
          : {
              ...forOwnApps(notification),
              title: texts.title,
              subtitle: texts.subtitle,
              body: texts.body,
              url: texts.url,
            }),
        id: String(notification.id),
        // What the app shows it under: a repeat replaces. Not a collapse key, of which a device holds only four.
        tag: collapseIdentity(notification),
        receipt: hole(1, 'text'),
      },
      android: {
        priority: priority === 'low' ? 'normal' : 'high',
        ttl: `${ttlSeconds}s`,
        ...(collapseKey !== null && { collapse_key: collapseKey }),
      },
    },
  }));
}

function forOwnApps({
  uuid,
  serviceId,
  serviceName,
  color,
  priority,
  timestamp,
  actions,
  data,
}: Notification): Record<string, string> {
  return {
    uuid,
    ...(serviceId && { service: serviceId, serviceName }),
    color,
    priority,
    timestamp: String(timestamp),
    ...(actions.length > 0 && { actions: JSON.stringify(actions) }),
    ...(Object.keys(data).length > 0 && { data: JSON.stringify(data) }),
  };
}
