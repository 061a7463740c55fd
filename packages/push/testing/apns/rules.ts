/** What Apple refuses (developer.apple.com: "Handling notification responses from APNs"), as far as a sender can err. */
import type { IncomingHttpHeaders } from 'node:http2';
import type { ProviderRequest } from '../provider/http2-provider.ts';

export interface ApnsRefusal {
  readonly status: number;
  readonly reason: string;
  /** ms since the epoch, with 410. */
  readonly timestamp?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of Apple's JSON: the page of something in between. */
  readonly html?: string;
}

const MOST_PAYLOAD_BYTES = 4_096;
const MOST_COLLAPSE_BYTES = 64;
const CANONICAL_UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const PUSH_TYPES = new Set([
  'alert',
  'background',
  'voip',
  'complication',
  'fileprovider',
  'mdm',
  'location',
  'liveactivity',
  'pushtotalk',
  'widgets',
  'controls',
]);

export function wrongPath({ method, path }: ProviderRequest): ApnsRefusal | null {
  if (method !== 'POST') return { status: 405, reason: 'MethodNotAllowed' };
  if (!path.startsWith('/3/device/')) return { status: 404, reason: 'BadPath' };
  if (path === '/3/device/') return { status: 400, reason: 'MissingDeviceToken' };
  return /^\/3\/device\/([0-9a-f]{2})+$/i.test(path) ? null : { status: 400, reason: 'BadDeviceToken' };
}

export function wrongHeaders(headers: IncomingHttpHeaders, ownTopic: string): ApnsRefusal | null {
  const header = (name: string) => headers[name] as string | undefined;
  const bad = (reason: string): ApnsRefusal => ({ status: 400, reason });
  const topic = header('apns-topic');
  const pushType = header('apns-push-type') ?? '';
  const priority = header('apns-priority') ?? '10';
  if (topic === undefined) return bad('MissingTopic');
  if (topic !== ownTopic) return bad('TopicDisallowed');
  if (!PUSH_TYPES.has(pushType)) return bad('InvalidPushType');
  if (!['1', '5', '10'].includes(priority)) return bad('BadPriority');
  if (pushType === 'background' && priority !== '5') return bad('BadPriority');
  if (!/^\d+$/.test(header('apns-expiration') ?? '0')) return bad('BadExpirationDate');
  // One character per byte.
  if ((header('apns-collapse-id') ?? '').length > MOST_COLLAPSE_BYTES) return bad('BadCollapseId');
  return CANONICAL_UUID.test(header('apns-id') ?? '') ? null : bad('BadMessageId');
}

export function wrongPayload({ headers, body }: ProviderRequest): ApnsRefusal | null {
  if (body.length === 0) return { status: 400, reason: 'PayloadEmpty' };
  if (body.length > MOST_PAYLOAD_BYTES) return { status: 413, reason: 'PayloadTooLarge' };
  const payload = parse(body);
  // Apple takes anything; what no phone can read is our bug all the same.
  if (payload === null) return { status: 400, reason: 'PayloadIsNotJson' };
  const { alert, badge } = payload.aps ?? {};
  if (headers['apns-push-type'] === 'alert' && !alert) return { status: 400, reason: 'InvalidPushType' };
  if (badge === undefined || Number.isInteger(badge)) return null;
  return { status: 400, reason: 'BadgeIsNotAnInteger' };
}

function parse(body: Buffer): { aps?: { alert?: unknown; badge?: unknown } } | null {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // Not JSON, or not UTF-8.
    return null;
  }
}
