/**
 * Push endpoints are users' input: without a guard they would let anybody make this server talk to its own network.
 * Every address is vetted when a connection is made, after the name was resolved, so that a name that resolves
 * differently the second time gains nothing.
 */
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

export interface AddressGuard {
  /** For net.connect and tls.connect: resolves, then refuses what must not be talked to. */
  readonly lookup: LookupFunction;
  /** What is wrong with a host as written, without resolving names; null when nothing is. Node never looks literals up. */
  checkHost(host: string): string | null;
  /** Named in the allow list. */
  isAllowed(host: string): boolean;
}

/** Special-purpose ranges of the IANA registries (RFC 6890 and successors). */
const NOT_GLOBAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** IPv4-mapped, NAT64, discard, Teredo and ORCHID, 6to4, documentation, ULA, link-local, site-local, multicast. */
const NOT_GLOBAL_V6 = [
  '::/128',
  '::1/128',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

function blockList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const version = isIP(address);
    list.addSubnet(address, Number(prefix ?? (version === 4 ? 32 : 128)), version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** `allow` holds host names, addresses and CIDR networks of push servers on the LAN. */
export function createAddressGuard(allow: readonly string[]): AddressGuard {
  const forbidden = blockList([...NOT_GLOBAL_V4, ...NOT_GLOBAL_V6]);
  const networks = blockList(allow.filter((entry) => isIP(entry.split('/')[0] ?? '') !== 0));
  const names = new Set(
    allow.filter((entry) => isIP(entry.split('/')[0] ?? '') === 0).map((name) => name.toLowerCase()),
  );

  const family = (address: string) => (isIP(address) === 4 ? 'ipv4' : 'ipv6');
  const permits = (address: string) =>
    networks.check(address, family(address)) || !forbidden.check(address, family(address));
  const isAllowed = (host: string) => {
    const bare = bareHost(host);
    return names.has(bare) || (isIP(bare) !== 0 && networks.check(bare, family(bare)));
  };

  const lookup: LookupFunction = (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return callback(error, '');
      const refused = names.has(hostname.toLowerCase())
        ? undefined
        : found.find(({ address }) => !permits(address));
      const [first] = found;
      if (refused || !first)
        return callback(new Error(`${hostname} is at an address this server must not talk to`), '');
      if (options.all)
        return (callback as unknown as (error: null, addresses: LookupAddress[]) => void)(null, found);
      callback(null, first.address, first.family);
    });
  };
  return {
    lookup,
    isAllowed,
    checkHost(host) {
      const bare = bareHost(host);
      if (isAllowed(bare)) return null;
      if (isIP(bare) !== 0)
        return permits(bare) ? null : `${bare} is not a public address; WEBPUSH_ALLOW can name it`;
      const isLocal = bare === 'localhost' || bare.endsWith('.localhost');
      return isLocal ? `${bare} is this machine; WEBPUSH_ALLOW can name it` : null;
    },
  };
}

function bareHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
