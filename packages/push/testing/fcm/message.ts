/** Google's schema of a message, as far as a sender can break it. */
export interface FcmMessage {
  readonly token: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly android?: { readonly priority?: string; readonly ttl?: string; readonly collapse_key?: string };
}

const FIELDS = new Set([
  'token',
  'data',
  'notification',
  'android',
  'apns',
  'webpush',
  'fcm_options',
  'topic',
  'condition',
  'name',
]);
const ANDROID = new Set([
  'priority',
  'ttl',
  'collapse_key',
  'data',
  'notification',
  'restricted_package_name',
  'direct_boot_ok',
]);
const MOST_DATA_BYTES = 4_096;

/** The field that is wrong, as Google names it; null when the message would be taken. */
export function faultOf(body: Buffer): string | null {
  let request: { message?: Record<string, unknown> };
  try {
    request = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // Not JSON, or not UTF-8: Google names no field either.
    return 'message';
  }
  const { message = {}, ...others } = request;
  const stray = Object.keys(others).find((name) => name !== 'validate_only');
  if (stray !== undefined) return stray;
  const unknown = Object.keys(message).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) return `message.${unknown}`;
  if (typeof message.token !== 'string' || message.token === '') return 'message.token';
  return dataFault(message.data ?? {}) ?? androidFault(message.android ?? {});
}

function dataFault(data: object): string | null {
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    if (typeof value !== 'string') return `message.data[${key}]`;
    if (key === 'from' || key === 'gcm' || key === 'message_type' || key.startsWith('google'))
      return `message.data[${key}]`;
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  return bytes > MOST_DATA_BYTES ? 'message.data' : null;
}

function androidFault(android: object): string | null {
  const given = android as Record<string, unknown>;
  const unknown = Object.keys(given).find((name) => !ANDROID.has(name));
  if (unknown !== undefined) return `message.android.${unknown}`;
  if (given.priority !== undefined && !['normal', 'high'].includes(String(given.priority)))
    return 'message.android.priority';
  if (given.ttl === undefined) return null;
  const seconds = Number(/^(\d+(?:\.\d+)?)s$/.exec(String(given.ttl))?.[1] ?? Number.NaN);
  return seconds >= 0 && seconds <= 2_419_200 ? null : 'message.android.ttl';
}
