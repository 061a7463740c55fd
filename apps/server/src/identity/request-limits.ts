/** Counts requests by who asks, and writes into the audit log who asks too often: once a minute, however often that is. */
import type { Audit } from '../audit/audit.ts';
import { type Actor, nobodyAt, type Place, personAt } from '../audit/entry.ts';
import type { Clock } from '../lib/clock.ts';
import { networkOf } from '../lib/network.ts';
import type { RateKind, Rates } from '../lib/rates.ts';
import { TooManyRequests } from '../lib/too-many-requests.ts';
import type { Caller, User } from './caller.ts';

/** Each counts one request and throws `TooManyRequests`. */
export interface RequestLimits {
  /** By the network of the address. */
  address(address: string, requestId: string): void;
  /** A login counts as its person, a key as itself and as its person, if it has one. */
  caller(caller: Caller, place: Place): void;
  /** For a person who is known already. */
  user(user: Pick<User, 'id' | 'username'>, place: Place): void;
}

export interface RequestLimitsDeps {
  readonly rates: Rates;
  readonly audit: Audit;
  readonly clock: Clock;
}

export function createRequestLimits({ rates, audit, clock }: RequestLimitsDeps): RequestLimits {
  const isFirst = oncePerMinute(clock);
  const networkFor = rememberNetworks();
  const refuse = (kind: RateKind, id: string, wait: number, actor: Actor): never => {
    const refusal = new TooManyRequests(kind, rates.limits[kind], wait);
    if (isFirst(`${kind} ${id}`))
      audit.refused(actor, {
        action: 'request.limit',
        subject: kind,
        subjectId: id,
        subjectName: actor.name,
        detail: refusal.message,
      });
    throw refusal;
  };
  const takeUser = (user: Pick<User, 'id' | 'username'>, place: Place) => {
    const id = String(user.id);
    const wait = rates.take('user', id);
    if (wait > 0) refuse('user', id, wait, personAt(user, place));
  };
  return {
    address(address, requestId) {
      const network = networkFor(address);
      const wait = rates.take('address', network);
      if (wait > 0) refuse('address', network, wait, nobodyAt({ address, requestId }));
    },
    caller(caller, place) {
      if (caller.user) takeUser(caller.user, place);
      if (caller.kind === 'login') return;
      const id = String(caller.keyId);
      const wait = rates.take('key', id);
      if (wait === 0) return;
      refuse('key', id, wait, {
        address: place.address,
        requestId: place.requestId,
        kind: 'key',
        id: caller.user?.id ?? null,
        name: caller.name,
      });
    },
    user: takeUser,
  };
}

const MOST_REMEMBERED = 4_096;

/** The network of an IPv6 address takes 4 µs to spell; the same clients ask again and again. */
function rememberNetworks(): (address: string) => string {
  const known = new Map<string, string>();
  return (address) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    if (known.size >= MOST_REMEMBERED) known.clear();
    const network = networkOf(address);
    known.set(address, network);
    return network;
  };
}

const MINUTE_MS = 60_000;
/** A flood of subjects fills the log no further in that minute. */
const MOST_TOLD = 1_000;

function oncePerMinute(clock: Clock): (subject: string) => boolean {
  const told = new Set<string>();
  let minute = 0;
  return (subject) => {
    const now = Math.floor(clock() / MINUTE_MS);
    if (now !== minute) told.clear();
    minute = now;
    if (told.has(subject) || told.size >= MOST_TOLD) return false;
    told.add(subject);
    return true;
  };
}
