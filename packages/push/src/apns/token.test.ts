import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readJwt } from '../../testing/provider/jwt.ts';
import { createProviderToken } from './token.ts';

const MINUTE_MS = 60_000;
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = {
  p8: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  keyId: 'FAKEKEY001',
  teamId: 'FAKETEAM01',
};

function tokenAt(start: number) {
  const time = { now: start };
  return { time, token: createProviderToken(key, () => time.now) };
}

describe("Apple's provider token", () => {
  it('is an ES256 JWT with a raw signature, naming key and team', () => {
    const { token } = tokenAt(1_790_000_000_500);
    expect(readJwt(token.current(), publicKey, 'ES256')).toEqual({
      header: { alg: 'ES256', kid: 'FAKEKEY001' },
      claims: { iss: 'FAKETEAM01', iat: 1_790_000_000 },
    });
  });

  it('stays the same for 50 minutes', () => {
    const { time, token } = tokenAt(0);
    const first = token.current();
    time.now = 50 * MINUTE_MS - 1;
    expect(token.current()).toBe(first);
    time.now = 50 * MINUTE_MS;
    expect(token.current()).not.toBe(first);
  });

  it('is not made anew within 20 minutes, even when Apple calls it expired', () => {
    const { time, token } = tokenAt(0);
    const first = token.current();
    time.now = 20 * MINUTE_MS - 1;
    expect(token.expire(first)).toBe(false);
    expect(token.current()).toBe(first);
    time.now = 20 * MINUTE_MS;
    expect(token.expire(first)).toBe(true);
    expect(token.current()).not.toBe(first);
  });

  it('is renewed once, however many requests met the expired one', () => {
    const { time, token } = tokenAt(0);
    const first = token.current();
    time.now = 30 * MINUTE_MS;
    expect([token.expire(first), token.expire(first)]).toEqual([true, true]);
    const second = token.current();
    expect(token.expire(first)).toBe(true);
    expect(token.current()).toBe(second);
  });

  it('is held when Apple has seen too many, but not beyond its hour', () => {
    const { time, token } = tokenAt(0);
    const first = token.current();
    time.now = 49 * MINUTE_MS;
    token.hold();
    time.now = 57 * MINUTE_MS;
    expect(token.current()).toBe(first);
    time.now = 59 * MINUTE_MS;
    expect(token.current()).not.toBe(first);
  });

  it('is never from the future after the clock was set back', () => {
    const { time, token } = tokenAt(1_790_000_000_000);
    token.current();
    time.now -= 24 * 60 * MINUTE_MS;
    const jwt = readJwt(token.current(), publicKey, 'ES256');
    expect(jwt?.claims.iat).toBe(Math.floor(time.now / 1_000));
  });

  it('is refused without its key, which is not in the message', () => {
    const wrong = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    const p8 = wrong.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(() => createProviderToken({ ...key, p8 }, Date.now)).toThrow('the APNs key is not a P-256 key');
    expect(() => createProviderToken({ ...key, p8: 'secret' }, Date.now)).toThrow(/^(?!.*secret)/);
  });
});
