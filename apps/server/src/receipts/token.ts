/**
 * The receipt token travels in the payload and authorises exactly one delivery's receipts, so that a service
 * worker or a notification extension can post them without a login. It names the delivery and carries 96 bits
 * of HMAC-SHA256 over that name.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface Delivery {
  readonly notificationId: number;
  readonly deviceId: number;
  readonly userId: number;
}

const MAC_LENGTH = 16;
const SHAPE = /^([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.([A-Za-z0-9_-]{16})$/;

export interface ReceiptTokens {
  issue(notificationId: number, deviceId: number, userId: number): string;
  /** The delivery a token stands for, or null when it was not issued by us. */
  open(token: string): Delivery | null;
}

/** `secret` is at least 32 random bytes. */
export function createReceiptTokens(secret: Buffer): ReceiptTokens {
  const mac = (name: string) =>
    createHmac('sha256', secret).update(name).digest('base64url').slice(0, MAC_LENGTH);
  return {
    issue(notificationId, deviceId, userId) {
      const name = `${notificationId.toString(36)}.${deviceId.toString(36)}.${userId.toString(36)}`;
      return `${name}.${mac(name)}`;
    },
    open(token) {
      const parts = SHAPE.exec(token);
      if (!parts) return null;
      const [, notification = '', device = '', user = '', given = ''] = parts;
      const expected = mac(`${notification}.${device}.${user}`);
      if (!timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return null;
      return {
        notificationId: Number.parseInt(notification, 36),
        deviceId: Number.parseInt(device, 36),
        userId: Number.parseInt(user, 36),
      };
    },
  };
}
