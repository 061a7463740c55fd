/** What Mozilla's push service refuses (autopush-rs, docs/src/errors.md), as far as a sender can get it wrong. */
import { createPublicKey, verify } from 'node:crypto';

export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

export interface PushRequest {
  readonly method: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

const HEADER_BYTES = 86;
const LONGEST_TOKEN_SECONDS = 24 * 3_600;

/** Null when the request is one a strict push service takes. `now` in ms since the epoch. */
export function refusalOf(
  request: PushRequest,
  origin: string,
  subscriberKey: string | null,
  now: number,
): Refusal | null {
  return (
    wrongHeaders(request) ??
    wrongBody(request.body) ??
    wrongVapid(request.headers.authorization, origin, subscriberKey, now)
  );
}

function wrongHeaders({ method, headers }: PushRequest): Refusal | null {
  const { ttl, topic, urgency } = headers;
  if (method !== 'POST') return { status: 405, reason: 'MethodNotAllowed' };
  if (ttl === undefined || !/^\d+$/.test(ttl)) return { status: 400, reason: 'MissingTTL' };
  if (topic !== undefined && !/^[A-Za-z0-9_-]{1,32}$/.test(topic))
    return { status: 400, reason: 'InvalidTopic' };
  if (urgency !== undefined && !/^(very-low|low|normal|high)$/.test(urgency)) {
    return { status: 400, reason: 'InvalidUrgency' };
  }
  if (headers['content-encoding'] !== 'aes128gcm') return { status: 400, reason: 'InvalidContentEncoding' };
  return null;
}

/** RFC 8188 §2.1, one record: salt(16) ‖ rs(4) ‖ idlen(1) ‖ keyid(65) ‖ ciphertext ‖ tag(16). */
function wrongBody(body: Buffer): Refusal | null {
  if (body.length < HEADER_BYTES + 17) return { status: 400, reason: 'BodyTooShort' };
  if (body[20] !== 65 || body[21] !== 4) return { status: 400, reason: 'InvalidKeyId' };
  if (body.readUInt32BE(16) < body.length - HEADER_BYTES) return { status: 400, reason: 'InvalidRecordSize' };
  return null;
}

function wrongVapid(
  authorization: string | undefined,
  origin: string,
  subscriberKey: string | null,
  now: number,
): Refusal | null {
  const parts = /^vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), ?k=([\w-]+)$/.exec(authorization ?? '');
  if (parts === null) return { status: 401, reason: 'MissingVapid' };
  const [, header = '', claims = '', signature = '', key = ''] = parts;
  if (subscriberKey !== null && key !== subscriberKey) return { status: 403, reason: 'VapidPkHashMismatch' };
  if (!isSigned(`${header}.${claims}`, signature, key)) return { status: 403, reason: 'BadJwtToken' };
  return wrongClaims(decode(claims), origin, now / 1_000);
}

function wrongClaims(claims: Record<string, unknown>, origin: string, nowSeconds: number): Refusal | null {
  const { aud, exp, sub } = claims;
  if (aud !== origin) return { status: 403, reason: 'InvalidAudience' };
  if (typeof exp !== 'number' || exp <= nowSeconds || exp > nowSeconds + LONGEST_TOKEN_SECONDS) {
    return { status: 403, reason: 'ExpiredJwtToken' };
  }
  // Apple's rule; Mozilla only wants it to be there.
  if (typeof sub !== 'string' || !/^(mailto:[^@]+@|https:\/\/)/.test(sub) || sub.endsWith('localhost')) {
    return { status: 403, reason: 'BadJwtToken' };
  }
  return null;
}

function isSigned(text: string, signature: string, key: string): boolean {
  const point = Buffer.from(key, 'base64url');
  if (point.length !== 65) return false;
  const coordinate = (from: number) => point.subarray(from, from + 32).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33) };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const raw = Buffer.from(signature, 'base64url');
  return verify('sha256', Buffer.from(text), { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw);
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}
