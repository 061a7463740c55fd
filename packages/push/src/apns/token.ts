/**
 * Apple's provider token: JWT ES256 with raw R‖S signature. One per transport, shared by all its connections: tokens
 * per connection are answered 429 TooManyProviderTokenUpdates. Valid an hour, renewed after 50 minutes, and never
 * within 20 ("Establishing a token-based connection to APNs"). A shelf keeps it over restarts and shares it between
 * processes: a server that is restarted often would otherwise show Apple a new token each time.
 */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { ApnsKey } from './config.ts';
import type { ShelvedToken, TokenShelf } from './token-shelf.ts';

const RENEW_AFTER_MS = 50 * 60_000;
const NOT_BEFORE_MS = 20 * 60_000;
/** Apple calls it expired after an hour, by its own clock. */
const NOT_LATER_MS = 58 * 60_000;

export interface ProviderToken {
  /** To be awaited before a batch: takes the shelf's token when ours is due for renewal. Never rejects. */
  prepare(): Promise<void>;
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
export function createProviderToken(key: ApnsKey, clock: Clock, shelf?: TokenShelf): ProviderToken {
  const privateKey = createPrivateKey(key.p8);
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new TypeError('the APNs key is not a P-256 key');
  }
  let token = '';
  let madeAt = Number.NEGATIVE_INFINITY;
  let renewAt = Number.NEGATIVE_INFINITY;
  let preparing: Promise<void> | null = null;
  const adopt = (shelved: ShelvedToken) => {
    ({ token, madeAt } = shelved);
    renewAt = madeAt + RENEW_AFTER_MS;
  };
  const make = () => {
    const now = clock();
    adopt({ token: signToken(key, privateKey, now), madeAt: now });
    // Unsaved it is still good; another process then makes its own.
    shelf?.save({ token, madeAt }).catch(() => undefined);
  };
  // A clock that was set back would make the token one from the future.
  const isFresh = (made: number, until: number) => clock() < until && clock() >= made;
  const takeFromShelf = async () => {
    const shelved = await shelf?.load().catch(() => null);
    if (shelved && isFresh(shelved.madeAt, shelved.madeAt + RENEW_AFTER_MS)) adopt(shelved);
    preparing = null;
  };
  return {
    async prepare() {
      if (!shelf || isFresh(madeAt, renewAt)) return;
      preparing ??= takeFromShelf();
      await preparing;
    },
    current() {
      if (!isFresh(madeAt, renewAt)) make();
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
