/** The JSON our own clients read: the service worker, UnifiedPush and MQTT devices. */
import { collapseIdentity, type Notification, SHORT_TEXT_LIMIT } from '../notification.ts';
import type { Batch } from '../transport.ts';
import { type SplicedPayload, spliceJson } from './spliced-payload.ts';
import { fitTexts, truncateUnits } from './truncate.ts';

/** Room for a badge and a receipt token of usual length. */
const HOLES_BYTES = 80;
const BADGE_BYTES = 10;

type Extras = Pick<Notification, 'url' | 'actions' | 'data'>;

/**
 * Built once per notification; hole 0 is the badge, hole 1 the receipt token (see `fillHoles`). At most `maxBytes`
 * with `holesBytes` of values: texts are shortened first, then `data`, then the buttons and the address are left
 * out, because half of those is worse than none.
 */
export function buildJsonPayload(
  notification: Notification,
  maxBytes: number,
  holesBytes = HOLES_BYTES,
): SplicedPayload {
  const { url, actions, data } = notification;
  const room = maxBytes - holesBytes;
  const fits = (extras: Extras) => encode(notification, NO_TEXTS, extras).fixedBytes <= room;
  const extras = [
    { url, actions, data },
    { url, actions, data: {} },
  ].find(fits) ?? { url: '', actions: [], data: {} };
  const { title, subtitle, body } = notification;
  return fitTexts(
    { title, subtitle, body },
    (texts) => encode(notification, texts, extras),
    (built) => built.fixedBytes,
    room,
  );
}

/** Writes one device's values for the holes into `values`. No badge is `null`. */
export function fillHoles(batch: Batch, index: number, values: string[]): void {
  const badge = batch.badges[index] ?? -1;
  values[0] = badge < 0 ? 'null' : String(badge);
  values[1] = batch.receiptTokens[index] ?? '';
}

/** Bytes of the longest values any device of the batch has. */
export function mostHolesBytes(batch: Batch): number {
  return batch.receiptTokens.reduce((most, { length }) => Math.max(most, length), 0) + BADGE_BYTES;
}

type Texts = Pick<Notification, 'title' | 'subtitle' | 'body'>;

const NO_TEXTS: Texts = { title: '', subtitle: '', body: '' };

function encode(notification: Notification, texts: Texts, { url, actions, data }: Extras): SplicedPayload {
  const { id, uuid, serviceId, serviceName, color, priority, timestamp } = notification;
  return spliceJson((hole) => ({
    id,
    uuid,
    ...texts,
    url,
    service: serviceId,
    serviceName: truncateUnits(serviceName, SHORT_TEXT_LIMIT),
    color,
    priority,
    badge: hole(0, 'number'),
    receipt: hole(1, 'text'),
    tag: collapseIdentity(notification),
    timestamp,
    actions,
    data,
  }));
}
