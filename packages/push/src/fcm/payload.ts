/**
 * Google's message, built once per batch and app. Data only: a notification message would be drawn by the system
 * without running the app, and no receipt could be sent. All values are strings.
 */
import { collapseIdentity, type Notification, SHORT_TEXT_LIMIT } from '../notification.ts';
import { type Extras, keepExtras } from '../payload/extras.ts';
import { type SplicedPayload, spliceJson } from '../payload/spliced-payload.ts';
import { fitTexts, truncateUnits } from '../payload/truncate.ts';
import { LONGEST_TTL_SECONDS, MOST_DATA_BYTES } from './config.ts';

/**
 * Hole 0 is the token, hole 1 the receipt token, of at most `receiptBytes`. Google limits keys and values; all of the
 * JSON beside the token is kept within that, which is a little less.
 */
export function buildMessage(notification: Notification, app: string, receiptBytes: number): SplicedPayload {
  const dataOf = app === '' ? forNotifyClients(notification) : forOwnApps(notification);
  return fitTexts(
    dataOf.texts,
    (texts) => splice(notification, dataOf.data(texts)),
    (built) => built.fixedBytes,
    MOST_DATA_BYTES - receiptBytes,
  );
}

function splice(notification: Notification, data: Record<string, string>): SplicedPayload {
  const { id, priority, ttlSeconds, collapseKey } = notification;
  return spliceJson((hole) => ({
    message: {
      token: hole(0, 'text'),
      data: {
        ...data,
        id: String(id),
        // What the app shows it under: a repeat replaces. Not a collapse key, of which a device holds only four.
        tag: collapseIdentity(notification),
        receipt: hole(1, 'text'),
      },
      android: {
        priority: priority === 'low' ? 'normal' : 'high',
        ttl: `${Math.min(ttlSeconds, LONGEST_TTL_SECONDS)}s`,
        ...(collapseKey !== null && { collapse_key: collapseKey }),
      },
    },
  }));
}

type Texts = Record<string, string>;

interface DataBuild {
  /** What may be shortened. */
  readonly texts: Texts;
  data(texts: Texts): Record<string, string>;
}

/** The keys the published Notify app reads; its `body` is the subtitle, cut at 256 characters. */
function forNotifyClients(notification: Notification): DataBuild {
  const { title, subtitle } = notification;
  const { url } = keepExtras(notification, MOST_DATA_BYTES);
  const body = truncateUnits(subtitle || notification.body, SHORT_TEXT_LIMIT);
  return { texts: { title, body }, data: (texts) => ({ ...texts, url }) };
}

function forOwnApps(notification: Notification): DataBuild {
  const { title, subtitle, body, serviceName } = notification;
  const extras = keepExtras(notification, MOST_DATA_BYTES);
  return {
    texts: { title, subtitle, body, serviceName },
    data: ({ serviceName: shownName = '', ...texts }) => ({
      ...texts,
      ...besideTexts(notification, shownName, extras),
    }),
  };
}

function besideTexts(
  { uuid, serviceId, color, priority, timestamp }: Notification,
  serviceName: string,
  { url, actions, data }: Extras,
): Record<string, string> {
  return {
    url,
    uuid,
    ...(serviceId && { service: serviceId, serviceName }),
    color,
    priority,
    timestamp: String(timestamp),
    ...(actions.length > 0 && { actions: JSON.stringify(actions) }),
    ...(Object.keys(data).length > 0 && { data: JSON.stringify(data) }),
  };
}
