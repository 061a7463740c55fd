/** Apple's payload, built once per batch and app (developer.apple.com: "Generating a remote notification"). */
import { type Notification, SHORT_TEXT_LIMIT } from '../notification.ts';
import { type Extras, keepExtras } from '../payload/extras.ts';
import { type Hole, type SplicedPayload, spliceJson } from '../payload/spliced-payload.ts';
import { fitTexts, truncateUnits } from '../payload/truncate.ts';

const MOST_BADGE_BYTES = 10;

export interface ApnsPayload {
  /** Upper bound of what `write` writes. */
  readonly maxBytes: number;
  /** Writes one device's payload; a badge below 0 leaves the app's badge as it is. Returns the number of bytes. */
  write(badge: number, receiptToken: string, target: Buffer, offset: number): number;
}

/** `receiptBytes` is the length of the longest receipt token, `maxBytes` what the whole payload may take. */
export function buildPayload(
  notification: Notification,
  app: string,
  receiptBytes: number,
  maxBytes: number,
): ApnsPayload {
  const holesBytes = MOST_BADGE_BYTES + receiptBytes;
  const build = app === '' ? forNotifyClients(notification) : forOwnApps(notification, maxBytes);
  const fitted = fitTexts(
    build.texts,
    (texts) => ({ texts, withBadge: build.splice(texts, true) }),
    ({ withBadge }) => withBadge.fixedBytes,
    maxBytes - holesBytes,
  );
  const { withBadge } = fitted;
  let withoutBadge: SplicedPayload | null = null;
  const values = ['', ''];
  return {
    maxBytes: withBadge.fixedBytes + holesBytes,
    write(badge, receiptToken, target, offset) {
      values[0] = String(badge);
      values[1] = receiptToken;
      if (badge >= 0) return withBadge.write(values, target, offset);
      withoutBadge ??= build.splice(fitted.texts, false);
      return withoutBadge.write(values, target, offset);
    },
  };
}

type Texts = Record<string, string>;

interface Build {
  /** What may be shortened. */
  readonly texts: Texts;
  /** Hole 0 is the badge, hole 1 the receipt token. */
  splice(texts: Texts, badged: boolean): SplicedPayload;
}

/** `aps` exactly as the published Notify app always got it: the text in `subtitle`, cut at 256 characters. */
function forNotifyClients(notification: Notification): Build {
  const { id, title, body } = notification;
  const subtitle = truncateUnits(notification.subtitle || body, SHORT_TEXT_LIMIT);
  return {
    texts: { title, subtitle },
    splice: (texts, badged) =>
      spliceJson((hole) => ({
        aps: {
          alert: { title: texts.title, subtitle: texts.subtitle },
          ...badgeOf(hole, badged),
          sound: 'default',
        },
        id,
        receipt: hole(1, 'text'),
      })),
  };
}

/** `critical` needs an entitlement Apple grants one by one; `time-sensitive` is what a self-built app can have. */
const INTERRUPTION = {
  low: 'passive',
  normal: 'active',
  high: 'active',
  critical: 'time-sensitive',
} as const;

function forOwnApps(notification: Notification, maxBytes: number): Build {
  const { title, subtitle, body, serviceName } = notification;
  const extras = keepExtras(notification, maxBytes);
  return {
    texts: { title, subtitle, body, serviceName },
    splice: (texts, badged) =>
      spliceJson((hole) => ({
        aps: { ...apsOf(notification, texts), ...badgeOf(hole, badged) },
        ...besideAps(notification, texts, extras),
        receipt: hole(1, 'text'),
      })),
  };
}

function apsOf({ serviceId, priority }: Notification, { title, subtitle, body }: Texts): object {
  return {
    alert: { title, ...(subtitle && { subtitle }), ...(body && { body }) },
    ...(priority !== 'low' && { sound: 'default' }),
    ...(serviceId && { 'thread-id': serviceId }),
    'mutable-content': 1,
    'interruption-level': INTERRUPTION[priority],
  };
}

function besideAps(
  { id, uuid, serviceId, color }: Notification,
  { serviceName }: Texts,
  { url, actions, data }: Extras,
): object {
  return {
    id,
    uuid,
    ...(serviceId && { service: serviceId, serviceName }),
    color,
    ...(url && { url }),
    ...(actions.length > 0 && { actions }),
    ...(Object.keys(data).length > 0 && { data }),
  };
}

function badgeOf(hole: Hole, badged: boolean): object {
  return badged ? { badge: hole(0, 'number') } : {};
}
