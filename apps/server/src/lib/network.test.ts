import { describe, expect, it } from 'vitest';
import { clientAddress, networkOf, PRIVATE_NETWORKS, parseNetworks } from './network.ts';

describe('networks', () => {
  const near = parseNetworks(PRIVATE_NETWORKS);

  it.each([
    ['127.0.0.1', true],
    ['10.200.3.4', true],
    ['172.16.0.1', true],
    ['172.32.0.1', false],
    ['192.168.255.255', true],
    ['169.254.1.1', true],
    ['8.8.8.8', false],
    ['::1', true],
    ['::ffff:192.168.0.9', true],
    ['::ffff:c0a8:9', true],
    ['fe80::1%eth0', true],
    ['::ffff:8.8.8.8', false],
    ['fd12::1', true],
    ['fe80::1', true],
    ['2001:db8::1', false],
    ['', false],
    ['localhost', false],
    ['192.168.1', false],
  ])('%s is near: %s', (address, expected) => {
    expect(near.has(address)).toBe(expected);
  });

  it.each([
    'foo',
    '10.0.0.0/33',
    '::1/129',
    '10.0.0.0/x',
    '10.0.0.0/',
    '10.0.0.0/8/9',
    '10.0.0.0/-1',
    '1.2.3',
    '/8',
  ])('%s is refused by name', (entry) => {
    expect(() => parseNetworks([entry])).toThrow(JSON.stringify(entry));
  });
});

describe('the client of a request', () => {
  const trusted = parseNetworks(['10.0.0.1', '10.0.0.2', '::1']);

  it.each([
    ['is the peer when it is no proxy of ours, whatever it claims', '8.8.8.8', '192.168.1.1', '8.8.8.8'],
    ['is what the trusted proxy saw', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['is found behind two trusted proxies', '10.0.0.1', '203.0.113.7, 10.0.0.2', '203.0.113.7'],
    [
      'is the rightmost untrusted one: the left part is the client talking',
      '10.0.0.1',
      '192.168.1.1, 203.0.113.7',
      '203.0.113.7',
    ],
    ['is read from several headers', '10.0.0.1', ['192.168.1.1', '203.0.113.7'], '203.0.113.7'],
    ['is the proxy when it says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['is the proxy when it says junk', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['is found through a mapped proxy address', '::ffff:10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['is not fooled by empty entries', '10.0.0.1', ' , 203.0.113.7, ', '203.0.113.7'],
  ] as const)('%s', (_title, socket, header, expected) => {
    expect(clientAddress(socket, header as string | string[] | undefined, trusted)).toBe(expected);
  });
});

describe('the network of a client', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001::6', '2001:db8:1:0::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
