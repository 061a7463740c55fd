import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { selfSignedCertificate } from '../certificate.ts';
import { FakeBrowser, type FakeSubscription } from './subscription.ts';
import { type Refusal, refusalOf } from './validation.ts';

export interface ReceivedPush {
  readonly address: string;
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As it came, encrypted. */
  readonly body: Buffer;
  /** Decrypted with the browser's key and parsed; null when it went on to a real browser, which alone can read it. */
  readonly json: unknown;
}

/** Whoever is behind an address. */
interface Subscriber {
  /** The key the page subscribed with; null accepts any sender. */
  readonly applicationServerKey: string | null;
  /** Takes an encrypted message and returns what it read. */
  read(message: Buffer): unknown;
}

export interface FakeWebPushOptions {
  /** Only HTTP/1.1 in the handshake, as a push server on a LAN behind an old proxy. */
  readonly http1?: boolean;
  /** Longest body taken; 4,096 when not given. */
  readonly mostBodyBytes?: number;
  /** ms since the epoch, against which VAPID tokens are checked. */
  readonly clock?: () => number;
}

type Behaviour =
  | { readonly kind: 'deliver' }
  | { readonly kind: 'answer'; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'stall' }
  | { readonly kind: 'cut' };

type Respond = (status: number, headers: Readonly<Record<string, string>>, body: string) => void;

/** RFC 8030 §7.2: what every push service must take at least, and most take at most. */
const MOST_BODY_BYTES = 4_096;
const DELIVER: Behaviour = { kind: 'deliver' };

/**
 * A push service over TLS (HTTP/2 by ALPN, or HTTP/1.1 only) that is as strict as Mozilla's and can read the
 * messages, because it also plays the browsers.
 */
export async function startFakeWebPushService(options: FakeWebPushOptions = {}): Promise<FakeWebPushService> {
  const service = new FakeWebPushService(options);
  await service.up();
  return service;
}

export class FakeWebPushService {
  /** Everything that was delivered, oldest first. */
  readonly received: ReceivedPush[] = [];
  /** Why requests were refused by this service's own rules, oldest first. */
  readonly refusals: string[] = [];
  /** Requests that arrived whole, whatever became of them. */
  requests = 0;
  /** TCP connections accepted so far. */
  connections = 0;
  private readonly options: FakeWebPushOptions;
  private readonly subscribers = new Map<string, Subscriber>();
  private readonly statuses = new Map<string, number>();
  private readonly sockets = new Set<Socket>();
  private server: Server | ReturnType<typeof createSecureServer> | null = null;
  private port = 0;
  private behaviour: Behaviour = DELIVER;
  private latencyMs = 0;

  constructor(options: FakeWebPushOptions) {
    this.options = options;
  }

  get origin(): string {
    return `https://localhost:${this.port}`;
  }

  /** PEM certificate authority to trust. */
  get ca(): string {
    return selfSignedCertificate().ca;
  }

  /** A new browser subscribes with the sender's VAPID public key; without one it takes pushes from anybody. */
  subscribe(applicationServerKey: string | null = null): FakeSubscription {
    const path = newPath();
    const browser = new FakeBrowser(this.origin + path, applicationServerKey);
    this.subscribers.set(path, browser);
    return browser.subscription;
  }

  /** A new address whose messages go on, still encrypted, to `forward`. */
  connect(applicationServerKey: string | null, forward: (message: Buffer) => void): string {
    const path = newPath();
    const read = (message: Buffer) => {
      forward(message);
      return null;
    };
    this.subscribers.set(path, { applicationServerKey, read });
    return this.origin + path;
  }

  /** From now on its pushes are answered 410. */
  unsubscribe(address: string): void {
    this.subscribers.delete(new URL(address).pathname);
  }

  /** Follows the rules of a push service again. */
  deliver(): void {
    this.behaviour = DELIVER;
  }

  /** Every push to this address is answered with `status` from now on. */
  answerTo(address: string, status: number): void {
    this.statuses.set(new URL(address).pathname, status);
  }

  /** Every request from now on is answered so. */
  answer(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.behaviour = { kind: 'answer', status, headers };
  }

  redirect(location: string): void {
    this.answer(307, { location });
  }

  /** Requests are read and never answered. */
  stall(): void {
    this.behaviour = { kind: 'stall' };
  }

  /** Every request ends with a broken connection. */
  cut(): void {
    this.behaviour = { kind: 'cut' };
  }

  /** ms between a request and its answer. */
  latency(ms: number): void {
    this.latencyMs = ms;
  }

  /** Breaks every connection and takes no new ones. */
  async down(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.breakConnections();
    await closed;
  }

  /** Listens again, on the same port. */
  async up(): Promise<void> {
    const { cert, key } = selfSignedCertificate();
    const server =
      this.options.http1 === true
        ? createServer({ cert, key }, (request, response) => void this.serve(request, response))
        : createSecureServer({ cert, key }, (request, response) => void this.serve(request, response));
    server.on('connection', (socket: Socket) => this.watch(socket));
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  close(): Promise<void> {
    return this.down();
  }

  private watch(socket: Socket): void {
    this.connections++;
    this.sockets.add(socket);
    // A connection broken on purpose is no news.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
  }

  private breakConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private async serve(
    request: Http2ServerRequest | IncomingMessage,
    response: Http2ServerResponse | ServerResponse,
  ): Promise<void> {
    request.on('error', () => response.destroy());
    response.on('error', () => request.destroy());
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.requests++;
    if (this.latencyMs > 0) await delay(this.latencyMs);
    const respond: Respond = (status, headers, body) => {
      if (response.destroyed) return;
      response.statusCode = status;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end(body);
    };
    this.react(request as SeenRequest, Buffer.concat(chunks), respond);
  }

  private react(request: SeenRequest, body: Buffer, respond: Respond): void {
    const { behaviour } = this;
    if (behaviour.kind === 'cut') this.breakConnections();
    else if (behaviour.kind === 'answer') respond(behaviour.status, behaviour.headers, '');
    else if (behaviour.kind === 'deliver') this.takeIn(request, body, respond);
  }

  private takeIn(request: SeenRequest, body: Buffer, respond: Respond): void {
    const refusal = this.receive(request, body);
    if (refusal === null) {
      respond(201, { location: `${this.origin}/message/${this.received.length}` }, '');
      return;
    }
    this.refusals.push(refusal.reason);
    const { status, reason } = refusal;
    respond(status, { 'content-type': 'application/json' }, JSON.stringify({ reason }));
  }

  private receive({ method, url, headers, httpVersion }: SeenRequest, body: Buffer): Refusal | null {
    const status = this.statuses.get(url);
    if (status !== undefined) return { status, reason: 'Told' };
    const subscriber = this.subscribers.get(url);
    if (subscriber === undefined) return { status: 410, reason: 'Unsubscribed' };
    const { mostBodyBytes = MOST_BODY_BYTES, clock = Date.now } = this.options;
    if (body.length > mostBodyBytes) return { status: 413, reason: 'PayloadTooLarge' };
    const refusal = refusalOf(
      { method, headers, body },
      this.origin,
      subscriber.applicationServerKey,
      clock(),
    );
    if (refusal !== null) return refusal;
    const json = subscriber.read(body);
    this.received.push({ address: this.origin + url, httpVersion, headers, body, json });
    return null;
  }
}

function newPath(): string {
  return `/push/${randomBytes(24).toString('base64url')}`;
}

interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}
