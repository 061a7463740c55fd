/**
 * Secrets at rest: AES-256-GCM under a key that is not where the secrets are. A sealed text names its version and the
 * key, so that keys can be changed: `sealed:1:<key id>:<base64url of nonce, ciphertext and tag>`.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

export interface Key {
  /** Made of the key itself, so that it cannot be given to another one. */
  readonly id: string;
  readonly bytes: Buffer;
}

export interface Sealer {
  /** `name` says what the text is: what was sealed under one name does not open under another. */
  seal(name: string, text: string): string;
  /** Throws `UnknownKey`, or `SealBroken` when it was altered or is another secret's. */
  open(name: string, sealed: string): string;
}

export class UnknownKey extends Error {
  readonly keyId: string;
  constructor(keyId: string) {
    super(`The key ${keyId} is not in the key file.`);
    this.name = 'UnknownKey';
    this.keyId = keyId;
  }
}

export class SealBroken extends Error {
  constructor(name: string) {
    super(`The secret ${name} is not as it was sealed.`);
    this.name = 'SealBroken';
  }
}

export const KEY_BYTES = 32;
const CIPHER = 'aes-256-gcm';
/** 96 bits (NIST SP 800-38D, 8.2.2); random, since secrets are few: far below 2^32 under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_LENGTH = 12;
const SHAPE = /^sealed:1:([0-9a-f]+):([A-Za-z0-9_-]+)$/;

export function keyOf(bytes: Buffer): Key {
  const id = createHash('sha256')
    .update('tocsin key id\0')
    .update(bytes)
    .digest('hex')
    .slice(0, KEY_ID_LENGTH);
  return { id, bytes };
}

/** Under which key a text was sealed; null when it is not sealed. */
export function keyIdOf(text: string): string | null {
  return SHAPE.exec(text)?.[1] ?? null;
}

/**
 * The first key seals, all of them open. `readKeys` is asked again before each sealing and when a key is unknown: the
 * keys may be changed while the server runs.
 */
export function createSealer(readKeys: () => readonly Key[]): Sealer {
  let keys = readKeys();
  const find = (id: string) => keys.find((key) => key.id === id);
  return {
    seal(name, text) {
      keys = readKeys();
      const [key] = keys;
      if (!key) throw new Error('there is no key to seal with');
      return sealWith(key, name, text);
    },
    open(name, sealed) {
      const [, keyId, data] = SHAPE.exec(sealed) ?? [];
      if (keyId === undefined || data === undefined) throw new SealBroken(name);
      if (!find(keyId)) keys = readKeys();
      const key = find(keyId);
      if (!key) throw new UnknownKey(keyId);
      return openWith(key, name, Buffer.from(data, 'base64url'));
    },
  };
}

function sealWith(key: Key, name: string, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.bytes, nonce).setAAD(Buffer.from(name));
  const data = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `sealed:1:${key.id}:${data.toString('base64url')}`;
}

function openWith(key: Key, name: string, data: Buffer): string {
  if (data.length < NONCE_BYTES + TAG_BYTES) throw new SealBroken(name);
  const options = { authTagLength: TAG_BYTES };
  const decipher = createDecipheriv(CIPHER, key.bytes, data.subarray(0, NONCE_BYTES), options)
    .setAAD(Buffer.from(name))
    .setAuthTag(data.subarray(-TAG_BYTES));
  try {
    return (
      decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
    );
  } catch {
    // Node says only "unable to authenticate data".
    throw new SealBroken(name);
  }
}
