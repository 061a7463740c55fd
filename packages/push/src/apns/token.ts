/**
 * Apple's provider token: JWT ES256 with raw R‖S signature. One per (team, key), shared by all connections: tokens
 * per connection are answered 429 TooManyProviderTokenUpdates. Valid an hour, renewed after 50 minutes, and never
 * within 20 ("Establishing a token-based connection to APNs").
 */
import { createPrivateKey, sign } from 'node:crypto';
import type { Clock } from '../clock.ts';

const RENEW_AFTER_MS = 50 * 60_000;
const NOT_BEFORE_MS = 20 * 60_000;

export interface ProviderToken {
  current(): string;
  /** Apple called the token expired (clock skew): makes a new one unless the last is younger than 20 minutes. */
  expire(): boolean;
}

/** Throws when `p8` is not a P-256 private key in PEM. */
export function createProviderToken(
  key: { p8: string; keyId: string; teamId: string },
  clock: Clock,
): ProviderToken {
  const privateKey = createPrivateKey(key.p8);
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new TypeError('the APNs key is not a P-256 key');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  let token = '';
  let madeAt = Number.NEGATIVE_INFINITY;
  const make = () => {
    madeAt = clock();
    const text = `${encode({ alg: 'ES256', kid: key.keyId })}.${encode({ iss: key.teamId, iat: Math.floor(madeAt / 1_000) })}`;
    token = `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  return {
    current() {
      if (clock() - madeAt >= RENEW_AFTER_MS || clock() < madeAt) make();
      return token;
    },
    expire() {
      if (clock() - madeAt < NOT_BEFORE_MS) return false;
      make();
      return true;
    },
  };
}
