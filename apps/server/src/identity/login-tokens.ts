/** Login tokens: JWT HS256 (RFC 7519), 30 days, each with an id of its own so that it can be revoked. */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

export const LOGIN_LIFETIME_MS = 30 * 86_400_000;

export interface LoginClaims {
  readonly username: string;
  readonly tokenId: string;
  readonly expiresAt: Date;
}

/** The texts are the Notify API's (notify-api.md §1.4): its phones show them. */
export type TokenFault =
  | 'Could not validate credentials'
  | 'Token has expired'
  | 'Missing subject claim in JWT';

export interface LoginTokens {
  issue(username: string, now: number): LoginClaims & { token: string };
  read(token: string, now: number): LoginClaims | TokenFault;
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** `secret` is at least 32 random bytes. */
export function createLoginTokens(secret: Buffer): LoginTokens {
  const sign = (text: string) => createHmac('sha256', secret).update(text).digest();
  return {
    issue(username, now) {
      const expires = Math.floor((now + LOGIN_LIFETIME_MS) / 1_000);
      const tokenId = randomUUID();
      const claims = { sub: username, exp: expires, iat: Math.floor(now / 1_000), jti: tokenId };
      const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
      const token = `${text}.${sign(text).toString('base64url')}`;
      return { token, username, tokenId, expiresAt: new Date(expires * 1_000) };
    },
    read(token, now) {
      const [header = '', payload = '', signature = '', ...rest] = token.split('.');
      // Compared as text: base64url has several spellings of the same bytes, and a token must have one.
      const given = Buffer.from(signature);
      const expected = Buffer.from(sign(`${header}.${payload}`).toString('base64url'));
      if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) {
        return 'Could not validate credentials';
      }
      return readClaims(header, payload, now);
    },
  };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function readClaims(header: string, payload: string, now: number): LoginClaims | TokenFault {
  const head = parse(header);
  const claims = parse(payload);
  // The signature was ours, so this can only be a token made by another program with the same secret.
  if (head?.alg !== 'HS256' || !claims || typeof claims.exp !== 'number')
    return 'Could not validate credentials';
  if (claims.exp * 1_000 <= now) return 'Token has expired';
  if (typeof claims.sub !== 'string') return 'Missing subject claim in JWT';
  if (typeof claims.jti !== 'string' || !UUID.test(claims.jti)) return 'Could not validate credentials';
  return { username: claims.sub, tokenId: claims.jti, expiresAt: new Date(claims.exp * 1_000) };
}

function parse(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    // Not JSON: not one of our tokens.
    return null;
  }
}
