/**
 * The seam between the transports and HTTP/2. Two implementations: our own core (`core.ts`) and
 * `node:http2` (`node.ts`), the oracle and the fallback. `client.contract.ts` runs over both.
 */

/** A batch of requests that differ only in path, one optional header and the body. */
export interface RequestSource {
  readonly count: number;
  /**
   * Headers equal for the whole batch, lower-case names, no pseudo-headers (`:authority` is the origin's).
   * Reuse the same array object while nothing changed: its encoded block is cached by identity.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
  path(index: number): string;
  /** Name of a header whose value differs per request, e.g. `apns-id`; null for none. */
  readonly variableHeader: string | null;
  variableValue(index: number): string;
  /** Upper bound of any body in the batch, bytes. */
  readonly maxBodyBytes: number;
  /** Writes the body of request `index` at `offset`; returns the number of bytes written (≤ maxBodyBytes). */
  writeBody(index: number, target: Buffer, offset: number): number;
}

/**
 * Why there is no response.
 * - `unprocessed`: the server certainly did not act on it (REFUSED_STREAM, GOAWAY above last-stream-id, never written).
 * - `unknown`: it may have (connection lost, RST, deadline).
 */
export type Failure = { readonly certainty: 'unprocessed' | 'unknown'; readonly reason: string };

/** One answer. The object is reused: read it inside the callback, never keep it. */
export interface Response {
  readonly status: number;
  header(name: string): string | undefined;
  /** Whole body, empty when there is none. A view into shared memory: copy to keep. Capped at 64 KiB. */
  readonly body: Buffer;
}

export interface ResponseHandler {
  onResponse(index: number, response: Response): void;
  onFailure(index: number, failure: Failure): void;
}

export interface Http2Client {
  /** Opens the pool's connections. Rejects with the reason when none could be opened. */
  connect(): Promise<void>;
  /** Sends all of `source`, calling the handler exactly once per index; resolves when all are answered. Never rejects. */
  send(source: RequestSource, handler: ResponseHandler): Promise<void>;
  /** Closes every connection after the requests in flight on it, and opens new ones on demand (a new JWT, a revoked key). */
  renew(): void;
  close(): Promise<void>;
}

export interface Http2ClientOptions {
  /** `https://host:port`; `http://` (prior knowledge) only for tests and benchmarks. */
  readonly origin: string;
  readonly connections: number;
  /** Cap of ours on streams in flight per connection, beside the peer's MAX_CONCURRENT_STREAMS. */
  readonly maxStreams: number;
  /** ms until a request without an answer is given up. */
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** ms of silence after which a PING is sent; no answer within `requestTimeoutMs` closes the connection. */
  readonly pingAfterMs: number;
  /** PEM; extra certificate authorities. */
  readonly ca?: string;
  /** PEM client certificate and key (APNs certificate auth). */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** True while the server allows only one request until one succeeded (APNs token auth). */
  readonly firstRequestAlone?: boolean;
  /** Resolves and vets the address at connect time (see `address-guard.ts`). */
  readonly lookup?: import('node:net').LookupFunction;
}
