import { createDecipheriv, createECDH, type ECDH, hkdfSync, randomBytes } from 'node:crypto';

/** What a browser hands to its page, and in our words: `address` and `credential`. */
export interface FakeSubscription {
  readonly address: string;
  /** `<p256dh>.<auth>`, base64url. */
  readonly credential: string;
  readonly p256dh: string;
  readonly auth: string;
}

/** The browser's side of a subscription: it alone can read what is sent to it. */
export class FakeBrowser {
  readonly subscription: FakeSubscription;
  /** The key the page subscribed with; null accepts any sender. */
  readonly applicationServerKey: string | null;
  private readonly keys: ECDH;
  private readonly auth: Buffer;

  constructor(address: string, applicationServerKey: string | null) {
    this.keys = createECDH('prime256v1');
    this.auth = randomBytes(16);
    this.applicationServerKey = applicationServerKey;
    const p256dh = this.keys.generateKeys('base64url');
    const auth = this.auth.toString('base64url');
    this.subscription = { address, credential: `${p256dh}.${auth}`, p256dh, auth };
  }

  /** Decrypts and parses. Throws when the message was not made for it. */
  read(message: Buffer): unknown {
    return JSON.parse(this.decrypt(message).toString());
  }

  /** RFC 8291 §3.4 and RFC 8188 §2.2, from the receiver's side. Throws when the message was not made for it. */
  decrypt(message: Buffer): Buffer {
    const salt = message.subarray(0, 16);
    const senderKey = message.subarray(21, 86);
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.keys.getPublicKey(), senderKey]);
    const ikm = derive(this.keys.computeSecret(senderKey), this.auth, info, 32);
    const key = derive(ikm, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
    const nonce = derive(ikm, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
    const decipher = createDecipheriv('aes-128-gcm', key, nonce);
    decipher.setAuthTag(message.subarray(-16));
    const padded = Buffer.concat([decipher.update(message.subarray(86, -16)), decipher.final()]);
    return withoutPadding(padded);
  }
}

function derive(secret: Buffer, salt: Buffer, info: Buffer, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, bytes));
}

/** The last record ends with 0x02 and any number of zeros. */
function withoutPadding(padded: Buffer): Buffer {
  let end = padded.length - 1;
  while (end > 0 && padded[end] === 0) end--;
  if (padded[end] !== 2) throw new Error('the record does not end with the delimiter 0x02');
  return padded.subarray(0, end);
}
