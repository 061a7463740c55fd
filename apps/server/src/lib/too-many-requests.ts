import type { RateKind } from './rates.ts';

/** Somebody is over a limit. Over HTTP the answer is 429, in the words of each API; over MQTT the connection ends. */
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
