/** Addresses and networks: who is near, and who a request really comes from. */
import { BlockList, isIP } from 'node:net';

/** Loopback, the private ranges of RFC 1918 and RFC 4193, and link-local. */
export const PRIVATE_NETWORKS = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
] as const;

export interface Networks {
  /** False for what is not an address. IPv4 inside IPv6 (::ffff:10.0.0.1) counts as the IPv4 it is. */
  has(address: string): boolean;
}

/** Takes single addresses and CIDR networks. Throws a sentence that names the entry which is neither. */
export function parseNetworks(entries: readonly string[]): Networks {
  const list = new BlockList();
  for (const entry of entries) {
    const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
    const version = isIP(address);
    const bits = version === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : Number(prefix);
    if (version === 0 || length > bits) {
      throw new RangeError(`${JSON.stringify(entry)} is neither an IP address nor a network like 10.0.0.0/8`);
    }
    list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  }
  return rememberAnswers((address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  });
}

const MOST_REMEMBERED = 4_096;

/** The same few addresses ask again and again, and a block list makes two objects for each answer. */
function rememberAnswers(ask: (address: string) => boolean): Networks {
  const known = new Map<string, boolean>();
  return {
    has(address) {
      const plain = unmap(address);
      const before = known.get(plain);
      if (before !== undefined) return before;
      if (known.size >= MOST_REMEMBERED) known.clear();
      const answer = ask(plain);
      known.set(plain, answer);
      return answer;
    },
  };
}

function unmap(address: string): string {
  if (!address.includes(':') && !address.includes(' ')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address.trim());
  return mapped?.[1] ?? address.trim();
}

/** What one household or machine has: the address itself, or for IPv6 its /64, in one spelling. */
export function networkOf(address: string): string {
  const plain = unmap(address);
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = (plain.split('%')[0] ?? '').toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const whole = [
    ...groups,
    ...Array.from({ length: Math.max(missing, 0) }, () => '0'),
    ...(tail ?? '').split(':'),
  ];
  return `${whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group || '0', 16).toString(16))
    .join(':')}::/64`;
}

/**
 * Walks X-Forwarded-For from the right, through the proxies that are trusted, to the first address that is not.
 * A client may write what it likes to the left of that; it is never read. Junk ends the walk at the last good one.
 */
export function clientAddress(
  socketAddress: string,
  forwardedFor: string | string[] | undefined,
  trusted: Networks,
): string {
  if (forwardedFor === undefined) return unmap(socketAddress);
  const hops = [forwardedFor]
    .flat()
    .join(',')
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');
  let client = unmap(socketAddress);
  while (hops.length > 0 && trusted.has(client)) {
    const hop = unmap(hops.pop() ?? '');
    if (isIP(hop) === 0) break;
    client = hop;
  }
  return client;
}
