import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { SecureContext } from 'node:tls';
import type { Failure, Http2ClientOptions, Response } from './client.ts';
import {
  type Connection,
  type ConnectionOwner,
  type ConnectionState,
  provesCredentials,
  REFUSAL_REST_MS,
  REFUSED_REQUEUES,
  type Surroundings,
  UNSENT_REQUEUES,
} from './connection.ts';
import type { Job } from './job.ts';
import { BODY_LIMIT } from './response.ts';
import { tlsOptionsOf } from './secure.ts';

interface Exchange {
  readonly job: Job;
  readonly index: number;
  readonly stream: ClientHttp2Stream;
  headers: IncomingHttpHeaders | null;
  readonly chunks: Buffer[];
  bodyBytes: number;
}

/** One `node:http2` session behind the pool's interface. */
export class NodeConnection implements Connection {
  state: ConnectionState = 'opening';
  private readonly options: Http2ClientOptions;
  private readonly owner: ConnectionOwner;
  private readonly surroundings: Surroundings;
  private readonly session: ClientHttp2Session;
  private readonly exchanges = new Set<Exchange>();
  private readonly dialledAt: number;
  private heardAt: number;
  private pingedAt: number | null = null;
  private restUntil = 0;
  private trusted: boolean;
  private served = false;
  private lastReason = 'connection closed';
  private goawayLastId: number | null = null;

  constructor(
    options: Http2ClientOptions,
    secureContext: SecureContext | null,
    owner: ConnectionOwner,
    surroundings: Surroundings,
  ) {
    this.options = options;
    this.owner = owner;
    this.surroundings = surroundings;
    this.trusted = options.firstRequestAlone !== true;
    this.dialledAt = this.heardAt = surroundings.now();
    const tls = secureContext === null ? {} : tlsOptionsOf(options, secureContext);
    const lookup = options.lookup === undefined ? {} : { lookup: options.lookup };
    this.session = connect(options.origin, { settings: { enablePush: false }, ...lookup, ...tls });
    this.listen();
  }

  get inFlight(): number {
    return this.exchanges.size;
  }

  get hasRoom(): boolean {
    if (this.state !== 'open' || this.surroundings.now() < this.restUntil) return false;
    // A session that dies fails its streams before it says that it is closed.
    if (this.session.destroyed) return false;
    const peerLimit = this.session.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
    const ours = this.trusted ? this.options.maxStreams : 1;
    return this.exchanges.size < Math.min(peerLimit, ours);
  }

  begin(job: Job, index: number): void {
    const { source } = job;
    const body = Buffer.allocUnsafe(source.maxBodyBytes);
    const length = source.writeBody(index, body, 0);
    let stream: ClientHttp2Stream;
    try {
      stream = this.session.request(headersOf(job, index), { endStream: length === 0 });
    } catch (error) {
      // request() throws when a GOAWAY or a close came in the same tick: the server never saw this one.
      this.stopBeginning();
      const failure: Failure = { certainty: 'unprocessed', reason: messageOf(error) };
      this.owner.onFailure(job, index, failure, UNSENT_REQUEUES);
      return;
    }
    if (length > 0) stream.end(body.subarray(0, length));
    this.follow({ job, index, stream, headers: null, chunks: [], bodyBytes: 0 });
  }

  drain(): void {
    if (this.state === 'closed' || this.state === 'draining') return;
    this.served = true;
    this.stopBeginning();
  }

  destroy(reason: string): void {
    this.lastReason = reason;
    this.session.destroy();
    this.finish();
  }

  tick(now: number): void {
    const { connectTimeoutMs, pingAfterMs, requestTimeoutMs } = this.options;
    if (this.state === 'closed') return;
    if (this.state === 'opening') {
      if (now - this.dialledAt >= connectTimeoutMs)
        this.destroy(`no connection within ${connectTimeoutMs} ms`);
      return;
    }
    if (this.pingedAt !== null && now - this.pingedAt >= requestTimeoutMs) {
      this.destroy(`no answer to a PING within ${requestTimeoutMs} ms`);
    } else if (this.pingedAt === null && now - this.heardAt >= pingAfterMs) this.ping(now);
  }

  private ping(now: number): void {
    this.pingedAt = now;
    this.session.ping((error) => {
      if (error === null) this.heard();
    });
  }

  private heard(): void {
    this.heardAt = this.surroundings.now();
    this.pingedAt = null;
  }

  private listen(): void {
    const { session } = this;
    session.on('remoteSettings', () => {
      this.heard();
      if (this.state === 'opening') {
        this.state = 'open';
        this.owner.onOpen(this);
      } else this.owner.onRoom();
    });
    session.on('goaway', (_code, lastId) => {
      this.goawayLastId = lastId;
      this.stopBeginning();
    });
    session.on('error', (error) => {
      this.lastReason = messageOf(error);
    });
    session.on('close', () => this.finish());
  }

  private follow(exchange: Exchange): void {
    const { stream } = exchange;
    this.exchanges.add(exchange);
    stream.setTimeout(0);
    const deadline = setTimeout(() => {
      this.settle(exchange, `no answer within ${this.options.requestTimeoutMs} ms`);
      stream.close(constants.NGHTTP2_CANCEL);
      // Silence for that long means a dead connection (node-apn #27): nothing new is begun on it.
      const silence = this.surroundings.now() - this.heardAt;
      if (silence >= this.options.requestTimeoutMs) this.stopBeginning();
    }, this.options.requestTimeoutMs);
    stream.on('response', (headers) => {
      this.heard();
      exchange.headers = headers;
    });
    stream.on('data', (chunk: Buffer) => {
      if (exchange.bodyBytes < BODY_LIMIT) exchange.chunks.push(chunk);
      exchange.bodyBytes += chunk.length;
      if (exchange.bodyBytes >= BODY_LIMIT) {
        this.answer(exchange);
        stream.close(constants.NGHTTP2_CANCEL);
      }
    });
    stream.on('end', () => this.answer(exchange));
    stream.on('error', (error) => this.settle(exchange, messageOf(error)));
    stream.on('close', () => {
      clearTimeout(deadline);
      this.settle(exchange, `stream closed with code ${stream.rstCode}`);
      this.closeWhenDrained();
      this.owner.onRoom();
    });
  }

  private answer(exchange: Exchange): void {
    const { headers, job, index, chunks } = exchange;
    if (headers === null || !this.exchanges.delete(exchange)) return;
    const status = Number(headers[':status']);
    if (provesCredentials(status)) this.trusted = true;
    this.served = true;
    this.owner.onResponse(job, index, nodeResponse(status, headers, Buffer.concat(chunks)));
  }

  private settle(exchange: Exchange, reason: string): void {
    if (!this.exchanges.delete(exchange)) return;
    const { job, index, stream } = exchange;
    const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    if (refused) this.restUntil = this.surroundings.now() + REFUSAL_REST_MS;
    const beyondGoaway = this.goawayLastId !== null && (stream.id ?? 0) > this.goawayLastId;
    const unsent = stream.pending || beyondGoaway;
    const certainty = refused || unsent ? 'unprocessed' : 'unknown';
    const limit = unsent ? UNSENT_REQUEUES : REFUSED_REQUEUES;
    this.owner.onFailure(job, index, { certainty, reason }, limit);
  }

  private stopBeginning(): void {
    if (this.state === 'closed') return;
    this.state = 'draining';
    this.closeWhenDrained();
    this.owner.onRoom();
  }

  private closeWhenDrained(): void {
    if (this.state === 'draining' && this.exchanges.size === 0) this.session.close();
  }

  private finish(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    for (const exchange of [...this.exchanges]) this.settle(exchange, this.lastReason);
    this.owner.onClosed(this, this.lastReason, this.served);
  }
}

function headersOf({ source }: Job, index: number): Record<string, string> {
  const headers: Record<string, string> = { ':method': 'POST', ':path': source.path(index) };
  for (const [name, value] of source.headers) headers[name] = value;
  if (source.variableHeader !== null) headers[source.variableHeader] = source.variableValue(index);
  return headers;
}

function nodeResponse(status: number, headers: IncomingHttpHeaders, whole: Buffer): Response {
  const body = whole.subarray(0, BODY_LIMIT);
  return {
    status,
    body,
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message;
}
