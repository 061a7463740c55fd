/** Which IP addresses belong to the public internet: the IANA special-purpose registries (RFC 6890 and successors). */
import { BlockList, isIP } from 'node:net';

type Range = readonly [network: string, prefix: number, name: string];

const SPECIAL_V4: readonly Range[] = [
  ['0.0.0.0', 8, 'unspecified'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'carrier-grade NAT'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'protocol assignment'],
  ['192.0.2.0', 24, 'documentation'],
  ['192.88.99.0', 24, '6to4 relay'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'benchmarking'],
  ['198.51.100.0', 24, 'documentation'],
  ['203.0.113.0', 24, 'documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
];

/** Only 2000::/3 is handed out at all; these are the exceptions inside it and names for the best known outside. */
const SPECIAL_V6: readonly Range[] = [
  ['::', 128, 'unspecified'],
  ['::1', 128, 'loopback'],
  ['64:ff9b:1::', 48, 'local NAT64'],
  ['100::', 64, 'discard'],
  ['2001::', 23, 'protocol assignment'],
  ['2001:db8::', 32, 'documentation'],
  ['3fff::', 20, 'documentation'],
  ['fc00::', 7, 'unique local'],
  ['fe80::', 10, 'link-local'],
  ['fec0::', 10, 'site-local'],
  ['ff00::', 8, 'multicast'],
];

/** IPv6 networks that carry an IPv4 address, and the first of its four bytes. */
const EMBEDDING: readonly (readonly [network: string, prefix: number, offset: number])[] = [
  ['::ffff:0:0', 96, 12],
  ['::ffff:0:0:0', 96, 12],
  ['::', 96, 12],
  ['64:ff9b::', 96, 12],
  ['2002::', 16, 2],
];

/** What kind of special address it is, or null for one of the public internet. `address` is a valid IP address. */
export type Classifier = (address: string) => string | null;

export function createClassifier(): Classifier {
  const special4 = SPECIAL_V4.map(([network, prefix, name]) => ({
    list: subnet(network, prefix, 'ipv4'),
    name,
  }));
  const special6 = SPECIAL_V6.map(([network, prefix, name]) => ({
    list: subnet(network, prefix, 'ipv6'),
    name,
  }));
  const embedding = EMBEDDING.map(([network, prefix, offset]) => ({
    list: subnet(network, prefix, 'ipv6'),
    offset,
  }));
  const global6 = subnet('2000::', 3, 'ipv6');
  const classify4 = (address: string) =>
    special4.find(({ list }) => list.check(address, 'ipv4'))?.name ?? null;
  return (address) => {
    if (isIP(address) === 4) return classify4(address);
    const named = special6.find(({ list }) => list.check(address, 'ipv6'));
    if (named !== undefined) return named.name;
    const embeds = embedding.find(({ list }) => list.check(address, 'ipv6'));
    if (embeds !== undefined) return classify4(embeddedAddress(address, embeds.offset));
    return global6.check(address, 'ipv6') ? null : 'reserved';
  };
}

function subnet(network: string, prefix: number, family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return list;
}

function embeddedAddress(address: string, offset: number): string {
  return [...bytesOf(address).subarray(offset, offset + 4)].join('.');
}

/** The 16 bytes of an IPv6 address. */
function bytesOf(address: string): Uint8Array {
  // The URL parser writes the canonical form: no embedded dotted quad, no zone.
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1);
  const [head = '', tail = ''] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const groups = [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]),
  );
}
