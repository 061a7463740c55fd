/** Too many requests of one address, person or key are refused before anything is done for them. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller, User } from '../../identity/caller.ts';
import { presentedKey } from '../../identity/publish-access.ts';
import { type Networks, networkOf } from '../../lib/network.ts';
import type { RateKind, Rates } from '../../lib/rates.ts';
import type { ApiDeps } from '../deps.ts';

/** The answer is 429, in the words of each API. */
export class TooManyRequests extends Error {
  readonly retryAfterSeconds: number;
  /** draft-ietf-httpapi-ratelimit-headers */
  readonly headers: Readonly<Record<string, string>>;
  constructor(kind: RateKind, limit: number, retryAfterSeconds: number) {
    super(`More than ${limit} requests a minute of one ${kind}`);
    this.name = 'TooManyRequests';
    this.retryAfterSeconds = retryAfterSeconds;
    this.headers = {
      'retry-after': String(retryAfterSeconds),
      'ratelimit-policy': `"${kind}";q=${limit};w=60`,
      ratelimit: `"${kind}";r=0;t=${retryAfterSeconds}`,
    };
  }
}

/** Throws `TooManyRequests`. */
function take(rates: Rates, kind: RateKind, id: string): void {
  const wait = rates.take(kind, id);
  if (wait > 0) throw new TooManyRequests(kind, rates.limits[kind], wait);
}

/** For all routes but those that say how the server is. */
export function limitAddresses(
  http: FastifyInstance,
  { rates, client }: Pick<ApiDeps, 'rates' | 'client'>,
  exempt: Networks,
): void {
  http.addHook('onRequest', (request, _reply, done) => {
    const address = client.address(request);
    if (!exempt.has(address) && !request.url.startsWith('/-/')) take(rates, 'address', networkOf(address));
    done();
  });
}

/** For the routes of v3, behind the hook that recognises callers. */
export function limitCallers(api: FastifyInstance, { rates }: Pick<ApiDeps, 'rates'>): void {
  api.addHook('onRequest', (request, _reply, done) => {
    limitCaller(rates, request, request.caller);
    done();
  });
}

/** To be called with whoever was recognised, once for every request. Throws `TooManyRequests`. */
export function limitCaller(rates: Rates, request: FastifyRequest, caller: Caller | null): void {
  if (caller?.kind === 'login') limitUser(rates, caller.user);
  else if (caller) limitKey(rates, presentedKey(request) ?? '');
}

/** Throws `TooManyRequests`. */
export function limitUser(rates: Rates, { id }: Pick<User, 'id'>): void {
  take(rates, 'user', String(id));
}

/** Counts a key that was found good, by the beginning that is shown of it. Throws `TooManyRequests`. */
export function limitKey(rates: Rates, key: string): void {
  take(rates, 'key', key.slice(0, SHOWN_CHARACTERS));
}

const SHOWN_CHARACTERS = 10;
