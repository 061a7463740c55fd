/** The JSON our service worker shows, built once per notification and spliced per device. */
import { collapseIdentity, type Notification } from '../notification.ts';
import { type SplicedPayload, spliceJson } from '../payload/spliced-payload.ts';
import { fitTexts } from '../payload/truncate.ts';

const HOLES_BYTES = 80;

/** Hole 0 is the badge, hole 1 the receipt token. Also what MQTT devices get. */
export function buildJsonPayload(notification: Notification, maxBytes: number): SplicedPayload {
  const {
    title,
    subtitle,
    body,
    url,
    id,
    uuid,
    serviceId,
    serviceName,
    color,
    priority,
    timestamp,
    actions,
    data,
  } = notification;
  return fitTexts(
    { title, subtitle, body, url },
    (texts) =>
      spliceJson((hole) => ({
        id,
        uuid,
        ...texts,
        service: serviceId,
        serviceName,
        color,
        priority,
        badge: hole(0, 'number'),
        receipt: hole(1, 'text'),
        tag: collapseIdentity(notification),
        timestamp,
        actions,
        data,
      })),
    (built) => built.fixedBytes,
    maxBytes - HOLES_BYTES,
  );
}
