import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AddressRefused, createAddressGuard } from './address-guard.ts';

/** A resolver that gives the next of `answers` for every question. */
function resolver(...answers: readonly string[][]): LookupFunction {
  let asked = 0;
  return (_hostname, _options, callback) => {
    const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

function look(lookup: LookupFunction, hostname: string, all = true): Promise<string | LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all }, (error, address) => (error ? reject(error) : resolve(address)));
  });
}

const guard = createAddressGuard([]);

describe('a literal host', () => {
  it.each([
    ['0.0.0.0', 'unspecified'],
    ['10.1.2.3', 'private'],
    ['100.64.0.1', 'carrier-grade NAT'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['192.0.2.1', 'documentation'],
    ['198.18.0.1', 'benchmarking'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'reserved'],
    ['[::]', 'unspecified'],
    ['[::1]', 'loopback'],
    ['[fe80::1]', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['[fd00::1]', 'unique local'],
    ['[ff02::1]', 'multicast'],
    ['[2001:db8::1]', 'documentation'],
    ['[4000::1]', 'reserved'],
    // IPv4 in disguise.
    ['[::ffff:127.0.0.1]', 'loopback'],
    ['[::ffff:a00:1]', 'private'],
    ['[::127.0.0.1]', 'loopback'],
    ['[64:ff9b::10.0.0.1]', 'private'],
    ['[64:ff9b:1::1]', 'local NAT64'],
    ['[2002:7f00:1::]', 'loopback'],
    ['[2002:c0a8:101::1]', 'private'],
    // Other spellings of 127.0.0.1 and 10.0.0.1.
    ['2130706433', 'loopback'],
    ['0x7f000001', 'loopback'],
    ['0177.0.0.1', 'loopback'],
    ['127.1', 'loopback'],
    ['0x0a.1', 'private'],
  ])('%s is refused as %s', (host, kind) => {
    expect(guard.checkHost(host)).toContain(`is a ${kind} address`);
  });

  it.each([
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '100.128.0.1',
    '[2606:4700:4700::1111]',
    '[64:ff9b::1.1.1.1]',
    '[::ffff:1.1.1.1]',
    '[2002:101:101::1]',
  ])('%s is of the public internet', (host) => {
    expect(guard.checkHost(host)).toBeNull();
  });

  it.each(['localhost', 'LOCALHOST', 'localhost.', 'tocsin.localhost'])('%s is this machine', (host) => {
    expect(guard.checkHost(host)).toContain('is this machine');
  });

  it('that is a name is left to the lookup', () => {
    expect(guard.checkHost('push.example.org')).toBeNull();
  });
});

describe('the lookup', () => {
  it('gives public addresses, all or the first', async () => {
    const { lookup } = createAddressGuard([], resolver(['1.1.1.1', '2606:4700:4700::1111']));
    expect(await look(lookup, 'push.example.org')).toEqual([
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700:4700::1111', family: 6 },
    ]);
    expect(await look(lookup, 'push.example.org', false)).toBe('1.1.1.1');
  });

  it('refuses a name when only one of its addresses is private', async () => {
    const { lookup } = createAddressGuard([], resolver(['1.1.1.1', '::ffff:10.0.0.1']));
    await expect(look(lookup, 'push.example.org')).rejects.toThrow(AddressRefused);
    await expect(look(lookup, 'push.example.org', false)).rejects.toThrow('is at a private address');
  });

  it('vets every time, so that a name which changes its mind gains nothing', async () => {
    const { lookup } = createAddressGuard([], resolver(['1.1.1.1'], ['169.254.169.254']));
    await look(lookup, 'push.example.org');
    await expect(look(lookup, 'push.example.org')).rejects.toThrow('link-local');
  });

  it('refuses the real localhost', async () => {
    await expect(look(guard.lookup, 'localhost')).rejects.toThrow(AddressRefused);
  });

  it('hands on the resolver’s error', async () => {
    const error = new Error('getaddrinfo ENOTFOUND nowhere.example.org');
    const { lookup } = createAddressGuard([], (_hostname, _options, callback) => callback(error, []));
    await expect(look(lookup, 'nowhere.example.org')).rejects.toBe(error);
  });

  it('refuses a name without any address', async () => {
    const { lookup } = createAddressGuard([], resolver([]));
    await expect(look(lookup, 'empty.example.org')).rejects.toThrow('has no address');
  });
});

describe('the allow list', () => {
  const allow = ['ntfy.lan', '192.168.7.0/24', '10.0.0.5', 'fd12::/16'];
  const { checkHost, isAllowed } = createAddressGuard(allow);

  it.each(['ntfy.lan', 'NTFY.lan.', '192.168.7.200', '10.0.0.5', '[fd12::1]'])('lets %s pass', (host) => {
    expect(checkHost(host)).toBeNull();
    expect(isAllowed(host)).toBe(true);
  });

  it.each(['192.168.8.1', '10.0.0.6', '[fd13::1]', 'localhost'])('does not let %s pass', (host) => {
    expect(checkHost(host)).not.toBeNull();
    expect(isAllowed(host)).toBe(false);
  });

  it('takes a host name whole: neither a longer name nor a path is it', () => {
    expect(isAllowed('ntfy.lan.example.org')).toBe(false);
    expect(isAllowed('evil-ntfy.lan')).toBe(false);
    expect(isAllowed('10.0.0.9/ntfy.lan')).toBe(false);
  });

  it('lets an allowed name be at any address, another name only at allowed ones', async () => {
    const { lookup } = createAddressGuard(allow, resolver(['10.9.9.9']));
    expect(await look(lookup, 'ntfy.lan', false)).toBe('10.9.9.9');
    await expect(look(lookup, 'other.lan', false)).rejects.toThrow(AddressRefused);
    const inNetwork = createAddressGuard(allow, resolver(['192.168.7.3']));
    expect(await look(inNetwork.lookup, 'other.lan', false)).toBe('192.168.7.3');
  });

  it.each(['192.168.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', 'https://ntfy.lan', 'ntfy.lan:8080', ''])(
    'does not take "%s"',
    (entry) => {
      expect(() => createAddressGuard([entry])).toThrow('neither a host name nor an address');
    },
  );
});
