/**
 * Push endpoints are users' input: without a guard they would let anybody make this server talk to its own network.
 * Every address is vetted when a connection is made, after the name was resolved, so that a name that resolves
 * differently the second time gains nothing.
 */
import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { type Classifier, createClassifier } from './addresses.ts';

export interface AddressGuard {
  /** For net.connect and tls.connect: resolves, and fails with `AddressRefused` unless every address may be talked to. */
  readonly lookup: LookupFunction;
  /**
   * What is wrong with a host as written, as a sentence, or null; names are not resolved. Must be asked before
   * every connection, because Node looks up no literal addresses.
   */
  checkHost(host: string): string | null;
  /** Named in the allow list. */
  isAllowed(host: string): boolean;
}

/** A name resolved to an address this server must not talk to. */
export class AddressRefused extends Error {
  readonly code = 'EADDRESSREFUSED';

  constructor(message: string) {
    super(message);
    this.name = 'AddressRefused';
  }
}

/**
 * `allow` holds host names, addresses and CIDR networks of servers on the LAN; throws when an entry is none of
 * them. `resolve` is the system's resolver unless a test brings its own.
 */
export function createAddressGuard(
  allow: readonly string[],
  resolve: LookupFunction = systemLookup as LookupFunction,
): AddressGuard {
  const allowed = readAllowList(allow);
  const classify = createClassifier();
  const isAllowed = (host: string) => {
    const bare = bareHost(host);
    return isIP(bare) === 0 ? allowed.names.has(bare) : allowed.includes(bare);
  };
  return {
    isAllowed,
    checkHost(host) {
      const bare = bareHost(host);
      if (isAllowed(bare)) return null;
      if (isIP(bare) !== 0) return refusal(bare, bare, classify, allowed);
      return /(^|\.)localhost$/.test(bare) ? `${bare} is this machine` : null;
    },
    lookup(hostname, options, callback) {
      resolve(hostname, { ...options, all: true }, (error, found) => {
        const addresses = Array.isArray(found) ? found : [];
        if (error !== null) return callback(error, []);
        const fault = allowed.names.has(bareHost(hostname))
          ? null
          : firstRefusal(hostname, addresses, classify, allowed);
        const [first] = addresses;
        if (fault !== null) return callback(new AddressRefused(fault), []);
        if (first === undefined) return callback(new AddressRefused(`${hostname} has no address`), []);
        if (options.all === true) return callback(null, addresses);
        callback(null, first.address, first.family);
      });
    },
  };
}

interface AllowList {
  readonly names: ReadonlySet<string>;
  includes(address: string): boolean;
}

function readAllowList(entries: readonly string[]): AllowList {
  const names = new Set<string>();
  const networks = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix, ...rest] = entry.split('/');
    const version = isIP(address);
    const bits = prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix);
    if (version !== 0 && rest.length === 0 && isPrefix(prefix, bits, version)) {
      networks.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
    } else if (version === 0 && /^[a-z0-9._-]+$/i.test(entry)) {
      names.add(bareHost(entry));
    } else {
      throw new TypeError(
        `"${entry}" is neither a host name nor an address nor a network such as 192.168.0.0/16`,
      );
    }
  }
  return { names, includes: (address) => networks.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6') };
}

function isPrefix(prefix: string | undefined, bits: number, version: number): boolean {
  return prefix === undefined || (/^\d+$/.test(prefix) && bits <= (version === 4 ? 32 : 128));
}

/** All of them: a connection may fall back from a public address to a private one. */
function firstRefusal(
  hostname: string,
  addresses: readonly { readonly address: string }[],
  classify: Classifier,
  allowed: AllowList,
): string | null {
  for (const { address } of addresses) {
    const fault = refusal(hostname, address, classify, allowed);
    if (fault !== null) return fault;
  }
  return null;
}

function refusal(host: string, address: string, classify: Classifier, allowed: AllowList): string | null {
  if (allowed.includes(address)) return null;
  const kind = classify(address);
  if (kind === null) return null;
  return host === address ? `${address} is a ${kind} address` : `${host} is at a ${kind} address`;
}

/** Lower case, without brackets, zone or final dot; in the form the URL parser gives numbers such as 0x7f.1. */
function bareHost(host: string): string {
  const bare = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const url = `http://${isIP(bare) === 6 ? `[${bare}]` : bare}/`;
  const parsed = URL.canParse(url) ? new URL(url).hostname : bare.toLowerCase();
  return parsed.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}
