/** VAPID (RFC 8292): who is sending, as a JWT per push service, kept for half a day. */
import { createECDH, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { Clock } from '../clock.ts';

/** Both base64url: the uncompressed public point (65 bytes) and the private scalar (32 bytes). */
export interface VapidKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

export function generateVapidKeys(): VapidKeys {
  const ecdh = createECDH('prime256v1');
  const publicKey = ecdh.generateKeys('base64url');
  return { publicKey, privateKey: ecdh.getPrivateKey().toString('base64url').padStart(43, 'A') };
}

/** What is wrong with a `sub` claim, or null. Apple refuses every push of a sender whose contact is on localhost. */
export function checkSubject(subject: string): string | null {
  if (!/^(mailto:[^@\s]+@[^@\s]+|https:\/\/[^\s]+)$/.test(subject))
    return 'must be a mailto: or https: address';
  const host = subject.startsWith('mailto:') ? (subject.split('@').at(-1) ?? '') : new URL(subject).hostname;
  return /(^|\.)localhost$/.test(host) ? 'must not be on localhost: Apple refuses it (BadJwtToken)' : null;
}

/** At most 24 h by the RFC; half of it leaves room for wrong clocks. Renewed an hour early. */
const LIFETIME_MS = 12 * 3_600_000;
const RENEW_EARLY_MS = 3_600_000;
const MOST_ORIGINS = 1_000;

export interface Vapid {
  /** Value of the Authorization header for a push service; `origin` is scheme, host and port of the endpoint. */
  authorization(origin: string): string;
}

/** Throws when the keys do not belong together or the subject is not valid. */
export function createVapid(keys: VapidKeys, subject: string, clock: Clock): Vapid {
  const fault = checkSubject(subject);
  if (fault) throw new TypeError(`the VAPID subject ${fault}`);
  const key = importKey(keys);
  const cached = new Map<string, { value: string; until: number }>();
  return {
    authorization(origin) {
      const now = clock();
      const known = cached.get(origin);
      if (known && known.until > now) return known.value;
      const value = `vapid t=${signToken(key, origin, subject, now)}, k=${keys.publicKey}`;
      if (cached.size >= MOST_ORIGINS) cached.clear();
      cached.set(origin, { value, until: now + LIFETIME_MS - RENEW_EARLY_MS });
      return value;
    },
  };
}

function importKey(keys: VapidKeys): KeyObject {
  const point = Buffer.from(keys.publicKey, 'base64url');
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(keys.privateKey, 'base64url');
  if (!ecdh.getPublicKey().equals(point)) throw new TypeError('the VAPID keys do not belong together');
  const coordinate = (from: number) => point.subarray(from, from + 32).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', d: keys.privateKey, x: coordinate(1), y: coordinate(33) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

function signToken(key: KeyObject, audience: string, subject: string, now: number): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { aud: audience, exp: Math.floor((now + LIFETIME_MS) / 1_000), sub: subject };
  const text = `${encode({ typ: 'JWT', alg: 'ES256' })}.${encode(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
