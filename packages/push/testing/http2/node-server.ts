import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { selfSignedCertificate } from '../certificate.ts';

export interface SeenRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface NodeServer {
  readonly origin: string;
  readonly seen: readonly SeenRequest[];
  /** Sessions accepted so far, closed ones included. */
  readonly sessions: readonly ServerHttp2Session[];
  close(): Promise<void>;
}

/** A `node:http2` server with TLS on 127.0.0.1 that answers each request with what `answer` returns. */
export async function startNodeServer(
  answer: (request: SeenRequest) => Answer | Promise<Answer>,
  settings: { readonly maxConcurrentStreams?: number; readonly initialWindowSize?: number } = {},
): Promise<NodeServer> {
  const { cert, key } = selfSignedCertificate();
  const seen: SeenRequest[] = [];
  const sessions: ServerHttp2Session[] = [];
  const server = createSecureServer({ cert, key, settings });
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => stream.destroy());
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', async () => {
      const request = { headers, body: Buffer.concat(chunks).toString() };
      seen.push(request);
      const { status, headers: extra, body } = await answer(request);
      if (stream.destroyed) return;
      stream.respond({ ':status': status, ...extra }, { endStream: body === undefined });
      if (body !== undefined) stream.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `https://localhost:${port}`, seen, sessions, close: () => stop(server, sessions) };
}

function stop(server: Http2SecureServer, sessions: readonly ServerHttp2Session[]): Promise<void> {
  for (const session of sessions) session.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}
