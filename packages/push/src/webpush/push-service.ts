import type { LookupFunction } from 'node:net';
import type { Http2Client, Http2ClientOptions, RequestSource, ResponseHandler } from '../http2/index.ts';
import { secureContextOf } from '../http2/secure.ts';
import { AddressRefused } from '../outside/address-guard.ts';
import {
  CONNECT_TIMEOUT_MS,
  CONNECTIONS,
  MOST_IN_FLIGHT,
  PING_AFTER_MS,
  REQUEST_TIMEOUT_MS,
  type WebPushConfig,
  type WebPushDeps,
} from './config.ts';
import { createHttp1Client, HTTP1_CONNECTIONS } from './http1-client.ts';
import { negotiate } from './negotiation.ts';

/**
 * One push service: everything at one origin. Knows which HTTP it speaks once it was reached, and how many
 * messages are on their way to it.
 */
export class PushService {
  readonly origin: string;
  /** What is wrong with the address its name resolved to last, or null. */
  blocked: string | null = null;
  /** It has taken something of ours, so that it knows our key and contact. */
  proven = false;
  private readonly options: Http2ClientOptions;
  private readonly deps: WebPushDeps;
  private readonly waiters: (() => void)[] = [];
  private client: Http2Client | null = null;
  private choosing: Promise<Http2Client> | null = null;
  private closed = false;
  private window = MOST_IN_FLIGHT;
  private inFlight = 0;

  constructor(origin: string, config: WebPushConfig, deps: WebPushDeps) {
    const timeoutMs = config.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.origin = origin;
    this.deps = deps;
    this.options = {
      origin,
      connections: CONNECTIONS,
      maxStreams: MOST_IN_FLIGHT / CONNECTIONS,
      requestTimeoutMs: timeoutMs,
      connectTimeoutMs: Math.min(timeoutMs, CONNECT_TIMEOUT_MS),
      pingAfterMs: PING_AFTER_MS,
      lookup: this.watchLookup(config.guard.lookup),
      ...(config.ca === undefined ? {} : { ca: config.ca }),
    };
  }

  /** Chooses the protocol when that is not known yet. Rejects when the service cannot be reached. */
  async reach(): Promise<void> {
    if (this.client !== null) return;
    this.choosing ??= this.choose().finally(() => {
      this.choosing = null;
    });
    await this.choosing;
  }

  /** Only after `reach`. */
  send(source: RequestSource, handler: ResponseHandler): Promise<void> {
    if (this.client === null) throw new Error('send before reach');
    return this.client.send(source, handler);
  }

  /** Resolves when at least one more message may be on its way. */
  async room(): Promise<void> {
    while (this.inFlight >= this.window) await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  /** Takes room for up to `wanted` messages; returns for how many. */
  take(wanted: number): number {
    const granted = Math.max(0, Math.min(wanted, this.window - this.inFlight));
    this.inFlight += granted;
    return granted;
  }

  /** One message was answered. */
  give(): void {
    this.inFlight--;
    this.waiters.shift()?.();
  }

  async close(): Promise<void> {
    this.closed = true;
    // A service that cannot be reached has nothing to close.
    await this.choosing?.catch(() => undefined);
    await this.client?.close();
  }

  private async choose(): Promise<Http2Client> {
    const secureContext = secureContextOf(this.options);
    const protocol = secureContext === null ? 'http/1.1' : await negotiate(this.options, secureContext);
    if (this.closed) throw new Error('the transport is closed');
    const http2 = protocol === 'h2';
    if (!http2) this.window = HTTP1_CONNECTIONS;
    this.client = http2 ? this.deps.createClient(this.options) : createHttp1Client(this.options);
    return this.client;
  }

  /** Clients report failures as text: whether it was the guard that refused is noted here. */
  private watchLookup(lookup: LookupFunction): LookupFunction {
    return (hostname, options, callback) => {
      lookup(hostname, options, (error, address, family) => {
        this.blocked = error instanceof AddressRefused ? error.message : null;
        callback(error, address, family);
      });
    };
  }
}
