/** Message encryption for Web Push: RFC 8291 over RFC 8188 (aes128gcm), one record. */
import { createCipheriv, createHmac, type ECDH } from 'node:crypto';

/** The browser's half of the keys. */
export interface Recipient {
  /** `p256dh`: uncompressed point on P-256, 65 bytes. */
  readonly publicKey: Buffer;
  /** `auth`: shared secret, 16 bytes. */
  readonly auth: Buffer;
}

/** What makes a message unlike every other; never used twice (RFC 8291 §2, RFC 8188 §2.1). */
export interface Freshness {
  /** Key pair on P-256, already generated. */
  readonly keyPair: ECDH;
  /** 16 random bytes. */
  readonly salt: Buffer;
}

/** salt(16) ‖ record size(4) ‖ key id length(1) ‖ our public point(65): RFC 8188 §2.1. */
const HEADER_BYTES = 86;
const TAG_BYTES = 16;
const DELIMITER_BYTES = 1;
const RECORD_BYTES = 4_096;
/** Body bytes beside the plaintext and its padding. */
export const OVERHEAD_BYTES = HEADER_BYTES + DELIMITER_BYTES + TAG_BYTES;

const KEY_INFO = Buffer.from('WebPush: info\0');
const CONTENT_KEY_INFO = Buffer.from('Content-Encoding: aes128gcm\0\x01');
const NONCE_INFO = Buffer.from('Content-Encoding: nonce\0\x01');
const ONE = Buffer.from([1]);
/** The delimiter of the last record and the zeros that may follow it (RFC 8188 §2). */
const DELIMITER_AND_PADDING = Buffer.alloc(RECORD_BYTES);
DELIMITER_AND_PADDING[0] = 2;

/**
 * Encrypts `plaintext` followed by `paddingBytes` of padding, which hides its length. Returns the body of the
 * push message: `plaintext.length + paddingBytes + OVERHEAD_BYTES` bytes. Throws when the recipient's public
 * key is no point on the curve.
 */
export function encrypt(
  plaintext: Buffer,
  paddingBytes: number,
  recipient: Recipient,
  { keyPair, salt }: Freshness,
): Buffer {
  const ours = keyPair.getPublicKey();
  const shared = keyPair.computeSecret(recipient.publicKey);
  const ikm = hmac(hmac(recipient.auth, shared), KEY_INFO, recipient.publicKey, ours, ONE);
  const prk = hmac(salt, ikm);
  const contentKey = hmac(prk, CONTENT_KEY_INFO).subarray(0, 16);
  const cipher = createCipheriv('aes-128-gcm', contentKey, hmac(prk, NONCE_INFO).subarray(0, 12));
  const body = Buffer.allocUnsafe(plaintext.length + paddingBytes + OVERHEAD_BYTES);
  let at = writeHeader(body, salt, ours);
  at += cipher.update(plaintext).copy(body, at);
  at += cipher.update(DELIMITER_AND_PADDING.subarray(0, DELIMITER_BYTES + paddingBytes)).copy(body, at);
  cipher.final();
  cipher.getAuthTag().copy(body, at);
  return body;
}

function writeHeader(body: Buffer, salt: Buffer, ours: Buffer): number {
  salt.copy(body, 0);
  body.writeUInt32BE(RECORD_BYTES, 16);
  body.writeUInt8(ours.length, 20);
  ours.copy(body, 21);
  return HEADER_BYTES;
}

/** HKDF's extract and one-block expand are single HMACs (RFC 5869); `hkdfSync` costs a copy and a key object more. */
function hmac(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const running = createHmac('sha256', key);
  for (const part of parts) running.update(part);
  return running.digest();
}
