/**
 * Apple's provider token: JWT ES256 with raw R‖S signature. One per transport, shared by all its connections: tokens
 * per connection are answered 429 TooManyProviderTokenUpdates. Valid an hour, renewed after 50 minutes, and never
 * within 20 ("Establishing a token-based connection to APNs").
 */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { ApnsKey } from './config.ts';

const RENEW_AFTER_MS = 50 * 60_000;
const NOT_BEFORE_MS = 20 * 60_000;
/** Apple calls it expired after an hour, by its own clock. */
const NOT_LATER_MS = 58 * 60_000;

export interface ProviderToken {
  current(): string;
  /**
   * Apple called `refusedToken` expired (clock skew). Returns whether there is a newer one to try; none is made
   * while the last is younger than 20 minutes.
   */
  expire(refusedToken: string): boolean;
  /** Apple has seen too many tokens: keeps this one for 20 minutes more, as far as its hour allows. */
  hold(): void;
}

/** Throws `TypeError` when `p8` is not a P-256 private key in PEM. */
export function createProviderToken(key: ApnsKey, clock: Clock): ProviderToken {
  const privateKey = createPrivateKey(key.p8);
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new TypeError('the APNs key is not a P-256 key');
  }
  let token = '';
  let madeAt = Number.NEGATIVE_INFINITY;
  let renewAt = Number.NEGATIVE_INFINITY;
  const make = () => {
    madeAt = clock();
    renewAt = madeAt + RENEW_AFTER_MS;
    token = signToken(key, privateKey, madeAt);
  };
  return {
    current() {
      const now = clock();
      // A clock that was set back would make the token one from the future.
      if (now >= renewAt || now < madeAt) make();
      return token;
    },
    expire(refusedToken) {
      if (refusedToken !== token) return true;
      if (clock() - madeAt < NOT_BEFORE_MS) return false;
      make();
      return true;
    },
    hold() {
      renewAt = Math.min(Math.max(renewAt, clock() + NOT_BEFORE_MS), madeAt + NOT_LATER_MS);
    },
  };
}

function signToken({ keyId, teamId }: ApnsKey, privateKey: KeyObject, now: number): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: teamId, iat: Math.floor(now / 1_000) };
  const text = `${encode({ alg: 'ES256', kid: keyId })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}
