/** HTTP/1.1 for push services that do not speak HTTP/2: mostly UnifiedPush servers on a LAN. */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Http2Client, Http2ClientOptions, RequestSource, ResponseHandler } from '../http2/index.ts';
import { hostOf, portOf, secureContextOf } from '../http2/secure.ts';

/** Connections to one service, each with one request at a time. */
export const HTTP1_CONNECTIONS = 8;
const MOST_ANSWER_BYTES = 65_536;

/** Behind the same interface as the HTTP/2 clients. Connections are kept alive; redirects are not followed. */
export function createHttp1Client(options: Http2ClientOptions): Http2Client {
  return new Http1Client(options);
}

class Http1Client implements Http2Client {
  private readonly options: Http2ClientOptions;
  private readonly base: RequestOptions;
  private readonly agent: HttpAgent;
  private readonly request: (options: RequestOptions) => ClientRequest;
  private readonly connectedEvent: 'connect' | 'secureConnect';

  constructor(options: Http2ClientOptions) {
    this.options = options;
    const secureContext = secureContextOf(options);
    const pool = { keepAlive: true, maxSockets: HTTP1_CONNECTIONS };
    this.agent = secureContext === null ? new HttpAgent(pool) : new HttpsAgent({ ...pool, secureContext });
    this.request = secureContext === null ? httpRequest : httpsRequest;
    this.connectedEvent = secureContext === null ? 'connect' : 'secureConnect';
    this.base = {
      method: 'POST',
      agent: this.agent,
      host: hostOf(options.origin),
      port: portOf(options.origin),
      ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
    };
  }

  async connect(): Promise<void> {
    // Connections open with the first requests.
  }

  async send(source: RequestSource, handler: ResponseHandler): Promise<void> {
    const space = Buffer.allocUnsafe(source.maxBodyBytes);
    const sending: Promise<void>[] = [];
    for (let index = 0; index < source.count; index++) {
      const body = Buffer.from(space.subarray(0, source.writeBody(index, space, 0)));
      sending.push(this.sendOne(source, index, body, handler));
    }
    await Promise.all(sending);
  }

  renew(): void {
    for (const socket of Object.values(this.agent.freeSockets).flat()) socket?.destroy();
  }

  async close(): Promise<void> {
    this.agent.destroy();
  }

  private sendOne(
    source: RequestSource,
    index: number,
    body: Buffer,
    handler: ResponseHandler,
  ): Promise<void> {
    return new Promise((resolve) => {
      const request = this.request({
        ...this.base,
        path: source.path(index),
        headers: { ...headersOf(source, index), 'content-length': body.length },
      });
      const end = this.limitTime(request, resolve);
      let connected = false;
      request.on('socket', (socket) => {
        connected = !socket.connecting;
        if (connected) return;
        socket.once(this.connectedEvent, () => {
          connected = true;
        });
      });
      request.on('error', ({ message }) => {
        if (!end()) return;
        handler.onFailure(index, { certainty: connected ? 'unknown' : 'unprocessed', reason: message });
      });
      request.on('response', async (response) => {
        const text = await readBody(response);
        if (!end()) return;
        handler.onResponse(index, toResponse(response, text));
      });
      request.end(body);
    });
  }

  /** Counts from when the request has a connection. The returned function is true the first time it is called. */
  private limitTime(request: ClientRequest, resolve: () => void): () => boolean {
    const { requestTimeoutMs } = this.options;
    let timer: NodeJS.Timeout | undefined;
    let ended = false;
    request.on('socket', () => {
      const late = () => request.destroy(new Error(`no answer within ${requestTimeoutMs} ms`));
      timer = setTimeout(late, requestTimeoutMs);
    });
    return () => {
      if (ended) return false;
      ended = true;
      clearTimeout(timer);
      resolve();
      return true;
    };
  }
}

function headersOf(source: RequestSource, index: number): Record<string, string> {
  const headers = Object.fromEntries(source.headers);
  if (source.variableHeader !== null) headers[source.variableHeader] = source.variableValue(index);
  return headers;
}

/** What came before an answer broke off is enough: the status is known. */
async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MOST_ANSWER_BYTES) break;
    }
  } catch {
    response.destroy();
  }
  return Buffer.concat(chunks).subarray(0, MOST_ANSWER_BYTES);
}

function toResponse(response: IncomingMessage, body: Buffer) {
  return {
    status: response.statusCode ?? 0,
    header: (name: string) => [response.headers[name] ?? []].flat().join(', ') || undefined,
    body,
  };
}
