/** VAPID (RFC 8292): who is sending, as a JWT per push service, kept for half a day. */
import { createECDH, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { isIP } from 'node:net';
import type { Clock } from '../clock.ts';

/** Both base64url: the uncompressed public point (65 bytes) and the private scalar (32 bytes). */
export interface VapidKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

const POINT_BYTES = 65;
const SCALAR_BYTES = 32;

/** A new key pair. Browsers subscribe with the public key: changing it makes every one of them subscribe again. */
export function generateVapidKeys(): VapidKeys {
  const keyPair = createECDH('prime256v1');
  const publicKey = keyPair.generateKeys('base64url');
  // OpenSSL leaves out leading zero bytes, one key in 256.
  const scalar = Buffer.alloc(SCALAR_BYTES);
  const short = keyPair.getPrivateKey();
  short.copy(scalar, SCALAR_BYTES - short.length);
  return { publicKey, privateKey: scalar.toString('base64url') };
}

const LOCAL_NAME = /(^|\.)(localhost|local|localdomain|internal|lan|home)$/;

/** What is wrong with a `sub` claim, as the rest of a sentence, or null. */
export function checkSubject(subject: string): string | null {
  const host = hostOfSubject(subject);
  if (host === null) return 'must be a mailto: or https: address, for example mailto:admin@example.org';
  const isPublic = host.includes('.') && isIP(host) === 0 && !LOCAL_NAME.test(host);
  return isPublic
    ? null
    : `must name a public domain, not ${host}: Apple answers 403 BadJwtToken to every push otherwise`;
}

function hostOfSubject(subject: string): string | null {
  const mail = /^mailto:[^\s@<>]+@([^\s@<>]+)$/.exec(subject);
  if (mail?.[1] !== undefined) return mail[1].toLowerCase();
  if (!subject.startsWith('https://') || !URL.canParse(subject)) return null;
  return new URL(subject).hostname.replace(/^\[|\]$/g, '');
}

/** RFC 8292 §2 allows 24 h; half of it leaves room for wrong clocks on either side. */
const LIFETIME_MS = 12 * 3_600_000;
/** Renewed before it expires on its way or on a clock that is ahead. */
const RENEW_EARLY_MS = 3_600_000;
/** Tokens kept; endpoints are users' input, so that there may be any number of origins. */
const MOST_TOKENS = 1_000;

export interface Vapid {
  /** Value of the Authorization header for a push service; `origin` is scheme, host and port of the endpoint. */
  authorization(origin: string): string;
}

/** Throws when the keys do not belong together or the subject is not valid. */
export function createVapid(keys: VapidKeys, subject: string, clock: Clock): Vapid {
  const fault = checkSubject(subject);
  if (fault !== null) throw new TypeError(`the VAPID subject ${fault}`);
  const key = importKey(keys);
  const tokens = new Map<string, { readonly value: string; readonly madeAt: number }>();
  return {
    authorization(origin) {
      const now = clock();
      const known = tokens.get(origin);
      const age = now - (known?.madeAt ?? 0);
      if (known !== undefined && age >= 0 && age < LIFETIME_MS - RENEW_EARLY_MS) return known.value;
      const value = `vapid t=${signToken(key, origin, subject, now)}, k=${keys.publicKey}`;
      if (tokens.size >= MOST_TOKENS) tokens.clear();
      tokens.set(origin, { value, madeAt: now });
      return value;
    },
  };
}

/** Once: parsing a key costs more than signing with it. */
function importKey(keys: VapidKeys): KeyObject {
  const point = Buffer.from(keys.publicKey, 'base64url');
  const scalar = Buffer.from(keys.privateKey, 'base64url');
  if (point.length !== POINT_BYTES || scalar.length !== SCALAR_BYTES) {
    throw new TypeError('the VAPID keys are not a point of 65 bytes and a scalar of 32 bytes in base64url');
  }
  const keyPair = createECDH('prime256v1');
  keyPair.setPrivateKey(scalar);
  if (!keyPair.getPublicKey().equals(point)) throw new TypeError('the VAPID keys do not belong together');
  const coordinate = (from: number) => point.subarray(from, from + SCALAR_BYTES).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', d: keys.privateKey, x: coordinate(1), y: coordinate(33) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

function signToken(key: KeyObject, audience: string, subject: string, now: number): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { aud: audience, exp: Math.floor((now + LIFETIME_MS) / 1_000), sub: subject };
  const text = `${encode({ typ: 'JWT', alg: 'ES256' })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}
