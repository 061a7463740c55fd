/** HTTP/1.1 for push services that do not speak HTTP/2: mostly UnifiedPush servers on a LAN. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Http2Client, Http2ClientOptions, RequestSource, ResponseHandler } from '../http2/index.ts';

const CONNECTIONS = 16;

/** Asks for HTTP/2 first; a service that refuses it in the handshake is spoken to in HTTP/1.1 from then on. */
export function openByAlpn(
  createClient: (options: Http2ClientOptions) => Http2Client,
  options: Http2ClientOptions,
): Http2Client {
  let chosen: Http2Client | null = options.origin.startsWith('http:') ? createHttp1Client(options) : null;
  let choosing: Promise<Http2Client> | null = null;
  const choose = async () => {
    const http2 = createClient(options);
    try {
      await http2.connect();
    } catch (error) {
      if (/application protocol|does not offer HTTP\/2/i.test((error as Error).message)) {
        await http2.close();
        chosen = createHttp1Client(options);
        return chosen;
      }
      // Away, not unwilling: the client answers `retry` and goes on trying.
    }
    chosen = http2;
    return chosen;
  };
  const client = () => {
    if (chosen) return chosen;
    choosing ??= choose();
    return choosing;
  };
  return {
    connect: async () => (await client()).connect(),
    send: async (source, handler) => (await client()).send(source, handler),
    renew: () => chosen?.renew(),
    close: async () => {
      if (chosen || choosing) await (await client()).close();
    },
  };
}

function createHttp1Client(options: Http2ClientOptions): Http2Client {
  const secure = options.origin.startsWith('https:');
  const settings = {
    keepAlive: true,
    maxSockets: CONNECTIONS,
    lookup: options.lookup,
    ...(options.ca !== undefined && { ca: options.ca }),
  };
  const agent = secure
    ? new HttpsAgent(settings)
    : new HttpAgent(settings as ConstructorParameters<typeof HttpAgent>[0]);
  const sendOne = (source: RequestSource, handler: ResponseHandler, index: number) =>
    new Promise<void>((resolve) => {
      const body = Buffer.allocUnsafe(source.maxBodyBytes);
      const size = source.writeBody(index, body, 0);
      const headers = { ...Object.fromEntries(source.headers), 'content-length': size };
      const url = new URL(source.path(index), options.origin);
      const request = (secure ? httpsRequest : httpRequest)(url, {
        method: 'POST',
        agent,
        headers,
        timeout: options.requestTimeoutMs,
      });
      const fail = (error: Error) => {
        handler.onFailure(index, { certainty: 'unknown', reason: error.message });
        resolve();
      };
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', fail);
      request.on('response', (response) => {
        request.off('error', fail);
        // The rest of a broken answer changes nothing: the status is known.
        request.on('error', () => response.destroy());
        answer(response, handler, index);
        resolve();
      });
      request.end(body.subarray(0, size));
    });
  return {
    connect: async () => undefined,
    async send(source, handler) {
      let next = 0;
      const lane = async () => {
        while (next < source.count) await sendOne(source, handler, next++);
      };
      await Promise.all(Array.from({ length: Math.min(CONNECTIONS, source.count) }, lane));
    },
    renew: () => undefined,
    close: async () => agent.destroy(),
  };
}

const NO_BODY = Buffer.alloc(0);

function answer(response: IncomingMessage, handler: ResponseHandler, index: number): void {
  response.resume();
  handler.onResponse(index, {
    status: response.statusCode ?? 0,
    header: (name) => [response.headers[name] ?? []].flat().join(', ') || undefined,
    body: NO_BODY,
  });
}
