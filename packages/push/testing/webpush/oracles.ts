/** Other people's implementations of RFC 8291 and 8292, against which ours is measured. They bring no types. */

import type { ECDH } from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

interface HttpEce {
  decrypt(body: Buffer, options: { version: 'aes128gcm'; privateKey: ECDH; authSecret: string }): Buffer;
}

interface WebPushLibrary {
  generateVAPIDKeys(): { publicKey: string; privateKey: string };
  generateRequestDetails(
    subscription: { endpoint: string; keys: { p256dh: string; auth: string } },
    payload: string,
    options: object,
  ): { method: string; headers: Record<string, string | number>; body: Buffer; endpoint: string };
}

export const httpEce = require('http_ece') as HttpEce;
export const webPushLibrary = require('web-push') as WebPushLibrary;
