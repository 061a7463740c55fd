import type { KeyObject } from 'node:crypto';
import { readJwt } from '../provider/jwt.ts';
import type { ApnsRefusal } from './rules.ts';

const HOUR_S = 3_600;
/** "Refresh your token no more than once every 20 minutes and no less than once every 60 minutes." */
const UPDATE_S = 20 * 60;

/** Apple's view of a team's provider tokens: signature, age, and how often they change. */
export class ProviderTokens {
  /** Tokens that were taken → their `iat`, seconds. */
  readonly known = new Map<string, number>();
  private readonly key: KeyObject;
  private readonly names: { readonly keyId: string; readonly teamId: string };
  private updatedAt = Number.NEGATIVE_INFINITY;

  constructor(key: KeyObject, names: { readonly keyId: string; readonly teamId: string }) {
    this.key = key;
    this.names = names;
  }

  /** `now` in seconds since the epoch. */
  wrong(authorization: string | undefined, now: number): ApnsRefusal | null {
    const token = /^bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return { status: 403, reason: 'MissingProviderToken' };
    const issuedAt = this.known.get(token) ?? this.issuedAt(token);
    if (issuedAt === null) return { status: 403, reason: 'InvalidProviderToken' };
    if (Math.abs(now - issuedAt) > HOUR_S) return { status: 403, reason: 'ExpiredProviderToken' };
    if (this.known.has(token)) return null;
    if (now - this.updatedAt < UPDATE_S) return { status: 429, reason: 'TooManyProviderTokenUpdates' };
    this.updatedAt = now;
    this.known.set(token, issuedAt);
    return null;
  }

  private issuedAt(token: string): number | null {
    const jwt = readJwt(token, this.key, 'ES256');
    if (jwt?.header.kid !== this.names.keyId || jwt.claims.iss !== this.names.teamId) return null;
    return typeof jwt.claims.iat === 'number' ? jwt.claims.iat : null;
  }
}
