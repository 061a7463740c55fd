import { createECDH, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAddressGuard } from '../outside/address-guard.ts';
import { checkSubscription, readSubscription } from './subscription.ts';

const guard = createAddressGuard(['ntfy.lan', '192.168.7.0/24']);
const P256DH = createECDH('prime256v1').generateKeys('base64url');
const AUTH = randomBytes(16).toString('base64url');
const credential = `${P256DH}.${AUTH}`;
const ENDPOINT = 'https://push.example.org/send/abc?d=1';

describe('a subscription', () => {
  it('is read into origin, path and keys', () => {
    expect(readSubscription({ address: ENDPOINT, credential }, guard)).toEqual({
      origin: 'https://push.example.org',
      path: '/send/abc?d=1',
      publicKey: Buffer.from(P256DH, 'base64url'),
      auth: Buffer.from(AUTH, 'base64url'),
    });
  });

  it.each([
    ['no URL', 'push.example.org/abc', 'is not a URL'],
    ['plain http', 'http://push.example.org/abc', 'https://'],
    ['another scheme', 'ftp://push.example.org/abc', 'https://'],
    ['a user name', 'https://push.example.org@evil.example.net/abc', 'user name'],
    ['a password', 'https://:secret@push.example.org/abc', 'user name'],
    ['a fragment', 'https://push.example.org/abc#x', 'fragment'],
    ['more than 1,000 bytes', `https://push.example.org/${'é'.repeat(500)}`, '1000 bytes'],
    ['this machine', 'https://localhost/abc', 'this machine'],
    ['a decimal address', 'https://2130706433/abc', '127.0.0.1 is a loopback address'],
    ['an IPv4-mapped address', 'https://[::ffff:10.0.0.1]/abc', 'private address'],
    ['an allowed host only in its path', 'https://10.0.0.1/ntfy.lan/abc', 'private address'],
    ['an allowed host only as user name', 'http://ntfy.lan@10.0.0.1/abc', 'https://'],
  ])('is refused with %s', (_name, address, fault) => {
    expect(checkSubscription({ address, credential }, guard)).toContain(fault);
  });

  it.each(['https://ntfy.lan/up', 'http://ntfy.lan:8080/up', 'https://192.168.7.9/up'])(
    'may be on an allowed LAN host: %s',
    (address) => {
      expect(checkSubscription({ address, credential }, guard)).toBeNull();
    },
  );

  it.each([
    ['none', '', '<p256dh>.<auth>'],
    ['three parts', `${credential}.x`, '<p256dh>.<auth>'],
    ['characters outside base64url', `${P256DH}.++++`, '<p256dh>.<auth>'],
    ['a short point', `${P256DH.slice(0, 80)}.${AUTH}`, '65 bytes'],
    ['a short secret', `${P256DH}.${AUTH.slice(0, 10)}`, '16 bytes'],
    [
      'a point off the curve',
      `${Buffer.alloc(65, 4).toString('base64url')}.${AUTH}`,
      'not a point on the curve',
    ],
  ])('is refused with a credential of %s', (_name, wrong, fault) => {
    expect(checkSubscription({ address: ENDPOINT, credential: wrong }, guard)).toContain(fault);
  });
});
