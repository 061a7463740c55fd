/** Message encryption for Web Push: RFC 8291 over RFC 8188 (aes128gcm), one record. */
import { createCipheriv, createECDH, createHmac, type ECDH, randomBytes } from 'node:crypto';

export interface Subscription {
  /** The browser's public point, 65 bytes. */
  readonly publicKey: Buffer;
  /** The browser's secret, 16 bytes. */
  readonly secret: Buffer;
}

/** salt(16) ‖ record size(4) ‖ key id length(1) ‖ our public point(65): RFC 8188 §2.1. */
const HEADER_BYTES = 86;
const TAG_BYTES = 16;
const RECORD_BYTES = 4_096;
/** Body ≤ 4096 bytes, the delimiter counted. */
export const MOST_PLAINTEXT_BYTES = RECORD_BYTES - HEADER_BYTES - TAG_BYTES - 1;

const KEY_INFO = Buffer.from('WebPush: info\0');
const CEK_INFO = Buffer.from('Content-Encoding: aes128gcm\0\x01');
const NONCE_INFO = Buffer.from('Content-Encoding: nonce\0\x01');
const ONE = Buffer.from([1]);
/** Ends the plaintext of the last record (RFC 8188 §2). */
const DELIMITER = Buffer.from([2]);

const hmac = (key: Buffer, ...parts: readonly Buffer[]): Buffer => {
  const running = createHmac('sha256', key);
  for (const part of parts) running.update(part);
  return running.digest();
};

export interface Ephemeral {
  /** A key pair nobody used yet, and the salt: given only by tests that check the RFC's example. */
  readonly ecdh?: ECDH;
  readonly salt?: Buffer;
}

/** Writes the encrypted body at `offset`; returns its size. Each message has a key pair of its own (RFC 8291 §2). */
export function encryptInto(
  target: Buffer,
  offset: number,
  plaintext: Buffer,
  to: Subscription,
  given: Ephemeral = {},
): number {
  const ecdh = given.ecdh ?? createECDH('prime256v1');
  const ours = given.ecdh ? ecdh.getPublicKey() : ecdh.generateKeys();
  const salt = given.salt ?? randomBytes(16);
  const ikm = hmac(hmac(to.secret, ecdh.computeSecret(to.publicKey)), KEY_INFO, to.publicKey, ours, ONE);
  const prk = hmac(salt, ikm);
  const cipher = createCipheriv(
    'aes-128-gcm',
    hmac(prk, CEK_INFO).subarray(0, 16),
    hmac(prk, NONCE_INFO).subarray(0, 12),
  );
  let at = offset + salt.copy(target, offset);
  at = target.writeUInt32BE(RECORD_BYTES, at);
  at = target.writeUInt8(ours.length, at);
  at += ours.copy(target, at);
  for (const part of [cipher.update(plaintext), cipher.update(DELIMITER), cipher.final()])
    at += part.copy(target, at);
  at += cipher.getAuthTag().copy(target, at);
  return at - offset;
}

/** Reads `<p256dh>.<auth>`; null when it is not a point of P-256 and 16 bytes, both base64url. */
export function readCredential(credential: string): Subscription | null {
  const [point = '', secret = '', ...rest] = credential.split('.');
  const subscription = {
    publicKey: Buffer.from(point, 'base64url'),
    secret: Buffer.from(secret, 'base64url'),
  };
  if (rest.length > 0 || subscription.publicKey.length !== 65 || subscription.secret.length !== 16)
    return null;
  return subscription;
}

/** The same, also checking that the point lies on the curve: done once, when the subscription is stored. */
export function isUsableCredential(credential: string): boolean {
  const subscription = readCredential(credential);
  if (!subscription) return false;
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  try {
    ecdh.computeSecret(subscription.publicKey);
    return true;
  } catch {
    // OpenSSL's way of saying that the point is not on the curve.
    return false;
  }
}
