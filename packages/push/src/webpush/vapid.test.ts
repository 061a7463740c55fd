import { createECDH } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkSubject, createVapid, generateVapidKeys } from './vapid.ts';

const HOUR_MS = 3_600_000;
const SUBJECT = 'mailto:admin@example.org';

function claimsOf(authorization: string): Record<string, unknown> {
  const claims = /^vapid t=[\w-]+\.([\w-]+)\./.exec(authorization)?.[1] ?? '';
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
}

describe('VAPID keys', () => {
  it('are a point of 65 bytes and a scalar of 32 that belongs to it', () => {
    const { publicKey, privateKey } = generateVapidKeys();
    const keyPair = createECDH('prime256v1');
    keyPair.setPrivateKey(privateKey, 'base64url');
    expect(keyPair.getPublicKey('base64url')).toBe(publicKey);
    expect(Buffer.from(privateKey, 'base64url')).toHaveLength(32);
    // UnifiedPush hands out the public key as exactly 87 characters.
    expect(publicKey).toHaveLength(87);
  });

  it('are refused when they do not belong together', () => {
    const keys = { ...generateVapidKeys(), publicKey: generateVapidKeys().publicKey };
    expect(() => createVapid(keys, SUBJECT, () => 0)).toThrow('do not belong together');
  });

  it('are refused when they have the wrong size', () => {
    const keys = { ...generateVapidKeys(), privateKey: 'AAAA' };
    expect(() => createVapid(keys, SUBJECT, () => 0)).toThrow('a scalar of 32 bytes');
  });
});

describe('the VAPID token', () => {
  it('names the origin, the contact and an expiry 12 hours ahead', () => {
    const now = Date.UTC(2026, 10, 24);
    const vapid = createVapid(generateVapidKeys(), SUBJECT, () => now);
    expect(claimsOf(vapid.authorization('https://push.example.org'))).toEqual({
      aud: 'https://push.example.org',
      exp: (now + 12 * HOUR_MS) / 1_000,
      sub: SUBJECT,
    });
  });

  it('is signed once per origin and again before it expires', () => {
    let now = 0;
    const vapid = createVapid(generateVapidKeys(), SUBJECT, () => now);
    const first = vapid.authorization('https://one.example.org');
    expect(vapid.authorization('https://two.example.org')).not.toBe(first);
    now = 10.9 * HOUR_MS;
    expect(vapid.authorization('https://one.example.org')).toBe(first);
    now = 11 * HOUR_MS;
    expect(vapid.authorization('https://one.example.org')).not.toBe(first);
  });

  it('is signed again when the clock was set back', () => {
    let now = 24 * HOUR_MS;
    const vapid = createVapid(generateVapidKeys(), SUBJECT, () => now);
    const first = vapid.authorization('https://one.example.org');
    now = 0;
    expect(claimsOf(vapid.authorization('https://one.example.org')).exp).toBe(12 * 3_600);
    expect(vapid.authorization('https://one.example.org')).not.toBe(first);
  });
});

describe('the VAPID subject', () => {
  it.each(['mailto:admin@example.org', 'https://example.org', 'https://example.org/contact'])(
    'may be %s',
    (subject) => {
      expect(checkSubject(subject)).toBeNull();
    },
  );

  it.each([
    'mailto:admin@localhost',
    'mailto:admin@LOCALHOST',
    'https://localhost:3000',
    'mailto:admin@tocsin.localhost',
    'mailto:root@server.local',
    'https://192.168.1.2',
    'mailto:admin@intranet',
  ])('must not be %s, which Apple answers 403', (subject) => {
    expect(checkSubject(subject)).toContain('BadJwtToken');
    expect(() => createVapid(generateVapidKeys(), subject, () => 0)).toThrow('the VAPID subject must name');
  });

  it.each([
    '',
    'admin@example.org',
    'mailto:',
    'mailto:<admin@example.org>',
    'http://example.org',
    'https://',
  ])('must not be "%s"', (subject) => {
    expect(checkSubject(subject)).toContain('must be a mailto: or https: address');
  });
});
