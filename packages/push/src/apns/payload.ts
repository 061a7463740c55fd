/** Apple's payload, built once per notification and app (developer.apple.com: "Generating a remote notification"). */
import { type Notification, SHORT_TEXT_LIMIT } from '../notification.ts';
import { type SplicedPayload, spliceJson } from '../payload/spliced-payload.ts';
import { fitTexts, truncateUnits } from '../payload/truncate.ts';
import { MOST_PAYLOAD_BYTES } from './config.ts';

/** Room kept for the values of the holes: badge (10 digits) and receipt token. */
const HOLES_BYTES = 80;

/** Hole 0 is the badge, hole 1 the receipt token. `maxBytes` is the whole payload's. */
export function buildPayload(
  notification: Notification,
  app: string,
  maxBytes = MOST_PAYLOAD_BYTES,
): SplicedPayload {
  const { title, subtitle, body, url } = notification;
  const build = app === '' ? forNotifyClients : forOwnApps;
  return fitTexts(
    { title, subtitle, body, url },
    (texts) => build(notification, texts),
    (built) => built.fixedBytes,
    maxBytes - HOLES_BYTES,
  );
}

type Texts = Pick<Notification, 'title' | 'subtitle' | 'body' | 'url'>;

/** `aps` exactly as the published Notify app always got it: the text in `subtitle`, cut at 256 characters. */
function forNotifyClients(notification: Notification, { title, subtitle, body }: Texts): SplicedPayload {
  return spliceJson((hole) => ({
    aps: {
      alert: { title, subtitle: truncateUnits(subtitle || body, SHORT_TEXT_LIMIT) },
      badge: hole(0, 'number'),
      sound: 'default',
    },
    id: notification.id,
    receipt: hole(1, 'text'),
  }));
}

/** `critical` needs an entitlement Apple grants one by one; `time-sensitive` is what a self-built app can have. */
const INTERRUPTION = {
  low: 'passive',
  normal: 'active',
  high: 'time-sensitive',
  critical: 'time-sensitive',
} as const;

function forOwnApps(notification: Notification, texts: Texts): SplicedPayload {
  const { title, subtitle, body, url } = texts;
  const { id, uuid, serviceId, serviceName, color, actions, data, priority } = notification;
  return spliceJson((hole) => ({
    aps: {
      alert: { title, ...(subtitle && { subtitle }), ...(body && { body }) },
      badge: hole(0, 'number'),
      ...(priority !== 'low' && { sound: 'default' }),
      ...(serviceId && { 'thread-id': serviceId }),
      'mutable-content': 1,
      'interruption-level': INTERRUPTION[priority],
    },
    id,
    uuid,
    ...(serviceId && { service: serviceId, serviceName, color }),
    ...(url && { url }),
    ...(actions.length > 0 && { actions }),
    ...(Object.keys(data).length > 0 && { data }),
    receipt: hole(1, 'text'),
  }));
}
