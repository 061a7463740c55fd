/** Who may publish to a service. */
import type { Audit } from '../audit/audit.ts';
import { type Actor, nobodyAt, type Place, personAt, type Refusal } from '../audit/entry.ts';
import { createBatcher } from '../lib/batcher.ts';
import type { Networks } from '../lib/network.ts';
import type { Queryable } from '../store/database.ts';
import { findPublishRules, type PublishRule } from '../store/service.ts';
import { isPublisher, type KeyUse, mayPublishWith, type User } from './caller.ts';
import type { Keys } from './keys.ts';
import type { LastUse } from './last-use.ts';
import type { Memory } from './memory.ts';
import type { RequestLimits } from './request-limits.ts';

export interface Publisher {
  /** The client's address, proxies already looked through. */
  readonly address: string;
  /** The key it presented, if any. */
  readonly key: string | null;
  /** The person that signed in, if any. */
  readonly user: Pick<User, 'id' | 'username' | 'isAdmin'> | null;
  /** It named another address as its own, and nobody trusts it to do so. */
  readonly isDisguised: boolean;
}

/**
 * `open`: anybody. `network`: from the publishing networks. `key`: only with a key. Its owners and administrators
 * may always. Whoever shows a key is judged by the key alone: a revoked one publishes from nowhere. A service that does
 * not exist is treated as `network`, so that outsiders cannot find out.
 */
export function mayPublish(
  rule: Pick<PublishRule, 'publishPolicy' | 'ownerIds'> | null,
  serviceId: string,
  publisher: Pick<Publisher, 'address' | 'user'> & { readonly key: JudgedKey },
  networks: Networks,
): boolean {
  const { key } = publisher;
  const ownerIds = rule?.ownerIds ?? [];
  if (key === 'invalid') return false;
  if (key !== 'none') return mayPublishWith(key, serviceId, ownerIds);
  const policy = rule?.publishPolicy ?? 'network';
  if (policy === 'open' || isPublisher(publisher.user, ownerIds)) return true;
  return policy === 'network' && networks.has(publisher.address);
}

/** The part of an HTTP request that says what it presents. */
export interface PublishRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly query: unknown;
}

export interface PublishAccess {
  /** Counts the request for its key, or else its person. Rejects with `TooManyRequests`, and when the database is away. */
  allows(serviceId: string, publisher: Publisher): Promise<boolean>;
}

const MOST_REMEMBERED = 20_000;

export interface PublishAccessDeps {
  readonly database: Queryable;
  readonly memory: Memory;
  readonly keys: Keys;
  readonly lastUse: LastUse;
  readonly audit: Audit;
  readonly limits: RequestLimits;
  readonly publishNetworks: Networks;
}

/** Rules are remembered until something changes; those that are looked up together are one question. */
export function createPublishAccess(deps: PublishAccessDeps): PublishAccess {
  const { memory } = deps;
  const shelf = memory.shelf<PublishRule | null>(MOST_REMEMBERED);
  const lookups = createBatcher<string, PublishRule | null>({
    maxBatch: 1_000,
    maxQueue: 20_000,
    lanes: 1,
    flush: async (ids) => {
      const since = shelf.age();
      const found = await findPublishRules(deps.database, [...new Set(ids)]);
      for (const rule of found.values()) shelf.keep(rule.id, rule, since);
      return ids.map((id) => found.get(id) ?? null);
    },
  });
  return {
    async allows(serviceId, publisher) {
      if (!memory.isFresh()) await memory.confirm();
      const rule = shelf.get(serviceId) ?? (await lookups.add(serviceId));
      const { address, user } = publisher;
      const key = publisher.key === null ? 'none' : ((await deps.keys.recognise(publisher.key)) ?? 'invalid');
      if (typeof key === 'object') deps.limits.caller(key, placeOf(publisher));
      else if (user) deps.limits.user(user, placeOf(publisher));
      const isAllowed = mayPublish(rule, serviceId, { address, key, user }, deps.publishNetworks);
      if (typeof key === 'object') deps.lastUse.note(key, address);
      if (!isAllowed) deps.audit.refused(actorOf(publisher, key), refusal(serviceId, publisher, key));
      return isAllowed;
    },
  };
}

type JudgedKey = KeyUse | 'none' | 'invalid';

const placeOf = ({ address }: Publisher): Place => ({ address, requestId: null });

function actorOf(publisher: Publisher, key: JudgedKey): Actor {
  const place = placeOf(publisher);
  if (typeof key === 'object') return { kind: 'key', id: key.user?.id ?? null, name: key.name, ...place };
  return publisher.user ? personAt(publisher.user, place) : nobodyAt(place);
}

function refusal(serviceId: string, { isDisguised }: Publisher, key: JudgedKey): Refusal {
  const about = { action: 'notification.publish', subject: 'service', subjectId: serviceId };
  if (key === 'invalid') return { ...about, detail: 'the key is unknown, expired or revoked' };
  if (key !== 'none') return { ...about, detail: 'the key is not for this' };
  return isDisguised
    ? { ...about, detail: 'it claims another address by X-Forwarded-For and is no trusted proxy' }
    : { ...about, detail: 'not from there, not without a key' };
}

/** The key in `X-Service-Key`, in `Authorization: Bearer tsk_…`, or as `?key=` for programs that can only name a URL. */
export function presentedKey(request: PublishRequest): string | null {
  const { authorization, 'x-service-key': header } = request.headers;
  if (typeof header === 'string') return header;
  const bearer =
    typeof authorization === 'string' ? /^bearer +(t[sp]k_\S+)$/i.exec(authorization)?.[1] : null;
  if (bearer) return bearer;
  const { key } = (request.query ?? {}) as { key?: unknown };
  return typeof key === 'string' ? key : null;
}
