import { afterEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  type NodeServer,
  type SeenRequest,
  startNodeServer,
} from '../../testing/http2/node-server.ts';
import { optionsFor, ReplyRecorder, requests, SOME_HEADERS } from '../../testing/http2/requests.ts';
import type { Http2Client, Http2ClientOptions } from './client.ts';

export type CreateClient = (options: Http2ClientOptions) => Http2Client;

const echo = ({ headers }: SeenRequest): Answer => ({
  status: 200,
  headers: { 'apns-id': `${headers['apns-id']}` },
});

/** What every implementation of `Http2Client` does against a well-behaved server. */
export function http2ClientContract(name: string, createClient: CreateClient): void {
  describe(`${name} against a node:http2 server`, () => {
    const open: (Http2Client | NodeServer)[] = [];
    afterEach(async () => {
      for (const thing of open.splice(0).reverse()) await thing.close();
    });

    async function serve(...args: Parameters<typeof startNodeServer>): Promise<NodeServer> {
      const server = await startNodeServer(...args);
      open.push(server);
      return server;
    }

    function clientOf(origin: string, changes: Partial<Http2ClientOptions> = {}): Http2Client {
      const client = createClient(optionsFor(origin, changes));
      open.push(client);
      return client;
    }

    it('sends path, headers and body of every request and hands back status and headers', async () => {
      const server = await serve(echo);
      const client = clientOf(server.origin);
      const recorder = new ReplyRecorder();
      await client.send(requests(500), recorder);
      expect(recorder.calls).toBe(500);
      expect(
        recorder.replies.every(({ status, header }, index) => status === 200 && header === `id-${index}`),
      ).toBe(true);
      const byPath = new Map(server.seen.map((request) => [request.headers[':path'], request]));
      expect(byPath.size).toBe(500);
      const last = byPath.get('/3/device/device499');
      expect(last?.body).toBe('{"n":499}');
      expect(last?.headers).toMatchObject({
        ':method': 'POST',
        ':scheme': 'https',
        ...Object.fromEntries(SOME_HEADERS),
      });
      expect(last?.headers[':authority']).toBe(new URL(server.origin).host);
    });
  });
}
