/** What the fakes of Apple and Google share: an HTTP/2 server over TLS that can be told to misbehave. */
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { selfSignedCertificate } from '../certificate.ts';

export interface ProviderRequest {
  readonly method: string;
  readonly path: string;
  /** Values as node gives them: one character per byte. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly session: ServerHttp2Session;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ProviderOptions extends SecureServerOptions {
  /** Allows one stream at a time until `trust` is called for the session. */
  readonly oneStreamUntilTrusted?: boolean;
}

export class Http2Provider {
  /** Requests that arrived whole. */
  requests = 0;
  /** Connections accepted so far. */
  connections = 0;
  /** ms before each answer. */
  latencyMs = 0;
  private readonly handler: (request: ProviderRequest) => ProviderAnswer;
  private readonly options: ProviderOptions;
  private readonly sessions = new Set<ServerHttp2Session>();
  private readonly sockets = new Set<Socket>();
  private readonly trusted = new WeakSet<ServerHttp2Session>();
  private server: Http2SecureServer | null = null;
  private port = 0;
  private stalled = false;
  private maxStreams = 1_000;

  constructor(handler: (request: ProviderRequest) => ProviderAnswer, options: ProviderOptions = {}) {
    this.handler = handler;
    this.options = options;
  }

  get url(): string {
    return `https://localhost:${this.port}`;
  }

  get ca(): string {
    return selfSignedCertificate().ca;
  }

  /** Listens, on the same port after a `down`. */
  async up(): Promise<void> {
    const { cert, key } = selfSignedCertificate();
    const maxConcurrentStreams = this.options.oneStreamUntilTrusted ? 1 : this.maxStreams;
    const server = createSecureServer({ cert, key, settings: { maxConcurrentStreams }, ...this.options });
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.on('session', (session) => this.watch(session));
    server.on('stream', (stream, headers) => this.read(stream, headers));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Refuses connections and cuts the open ones. */
  async down(): Promise<void> {
    const { server } = this;
    this.server = null;
    const closed = new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    this.cut();
    await closed;
  }

  close(): Promise<void> {
    return this.down();
  }

  /** Breaks every connection without a word. */
  cut(): void {
    for (const session of this.sessions) session.destroy();
    // A socket under a session whose peer was killed is sometimes not read any more, and would never end.
    for (const socket of this.sockets) socket.destroy();
  }

  /** Takes requests and answers none, until it is switched off again. */
  stall(on: boolean): void {
    this.stalled = on;
  }

  /** Takes no new streams on the connections there are, finishes the open ones and closes. */
  goaway(): void {
    for (const session of this.sessions) {
      session.goaway(0, undefined, Buffer.from('{"reason":"Shutdown"}'));
      session.close();
    }
  }

  setMaxStreams(count: number): void {
    this.maxStreams = count;
    for (const session of this.sessions) session.settings({ maxConcurrentStreams: count });
  }

  /** Lifts "one stream at a time" from a session that proved who it is. */
  protected trust(session: ServerHttp2Session): void {
    if (!this.options.oneStreamUntilTrusted || this.trusted.has(session)) return;
    this.trusted.add(session);
    session.settings({ maxConcurrentStreams: this.maxStreams });
  }

  private watch(session: ServerHttp2Session): void {
    this.connections++;
    this.sessions.add(session);
    session.on('close', () => this.sessions.delete(session));
    // A cut connection is what some tests are about.
    session.on('error', () => session.destroy());
  }

  private read(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const parts: Buffer[] = [];
    stream.on('error', () => stream.destroy());
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('end', () => void this.answer(stream, headers, Buffer.concat(parts)));
  }

  private async answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: Buffer): Promise<void> {
    const { session } = stream;
    // A stream that was reset ends, too.
    if (stream.aborted || session === undefined) return;
    this.requests++;
    if (this.stalled) return;
    const request = { method: String(headers[':method']), path: String(headers[':path']), headers, body };
    const answer = this.handler({ ...request, session: session as ServerHttp2Session });
    if (this.latencyMs > 0) await delay(this.latencyMs);
    if (stream.destroyed || stream.closed) return;
    stream.respond({ ':status': answer.status, ...answer.headers }, { endStream: answer.body === undefined });
    if (answer.body !== undefined) stream.end(answer.body);
  }
}
