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

    it('limit config 0: is refused at once instead of sending nothing for ever', () => {
      for (const limit of ['connections', 'maxStreams']) {
        expect(() => clientOf('https://localhost:1', { [limit]: 0 })).toThrow('at least one');
      }
    });

    it('sends an empty body and no variable header', async () => {
      const server = await serve(({ headers, body }) => ({
        status: headers['apns-id'] === undefined && body === '' ? 200 : 500,
      }));
      const recorder = new ReplyRecorder();
      const source = requests(3, { variableHeader: null, writeBody: () => 0 });
      await clientOf(server.origin).send(source, recorder);
      expect(recorder.statuses()).toEqual([200, 200, 200]);
    });

    it('resolves at once when there is nothing to send', async () => {
      const recorder = new ReplyRecorder();
      await clientOf('https://localhost:1').send(requests(0), recorder);
      expect(recorder.calls).toBe(0);
    });

    it('hands back a refusal with its body and retry-after as it was said', async () => {
      const date = 'Fri, 31 Dec 2027 23:59:59 GMT';
      const server = await serve(() => ({
        status: 503,
        headers: { 'retry-after': date },
        body: '<html>no</html>',
      }));
      const said: (string | undefined)[] = [];
      await clientOf(server.origin).send(requests(1), {
        onResponse: (_index, response) => {
          said.push(String(response.status), response.header('retry-after'), response.body.toString());
        },
        onFailure: (_index, { reason }) => said.push(reason),
      });
      expect(said).toEqual(['503', date, '<html>no</html>']);
    });

    it('several sources with headers of their own may be sent at once', async () => {
      const server = await serve(({ headers }) => ({
        status: 200,
        headers: { 'apns-id': `${headers['apns-topic']}` },
      }));
      const client = clientOf(server.origin);
      const topics = ['org.example.a', 'org.example.b', 'org.example.c'];
      const recorders = await Promise.all(
        topics.map(async (topic) => {
          const recorder = new ReplyRecorder();
          await client.send(requests(60, { headers: [['apns-topic', topic]] }), recorder);
          return recorder;
        }),
      );
      for (const [position, recorder] of recorders.entries()) {
        expect(recorder.replies.every(({ header }) => header === topics[position])).toBe(true);
      }
    });

    it('a big batch does not starve a small one', async () => {
      const server = await serve(echo);
      const client = clientOf(server.origin, { maxStreams: 5 });
      const big = new ReplyRecorder();
      const small = new ReplyRecorder();
      const sending = client.send(requests(2_000), big);
      await client.send(requests(5), small);
      const bigAnswersBefore = big.calls;
      await sending;
      expect(bigAnswersBefore).toBeLessThan(100);
      expect([small.calls, big.calls]).toEqual([5, 2_000]);
    });

    it('spreads requests over all connections', async () => {
      const server = await serve(echo);
      const client = clientOf(server.origin, { connections: 3, maxStreams: 10 });
      await client.connect();
      expect(server.sessions).toHaveLength(3);
      const ports = new Set<unknown>();
      for (const session of server.sessions) {
        session.on('stream', () => ports.add(session.socket.remotePort));
      }
      await client.send(requests(30), new ReplyRecorder());
      expect(ports.size).toBe(3);
    });

    it('sends the first request alone until the server trusted it, on every new connection', async () => {
      let inFlight = 0;
      let answered = 0;
      let mostBeforeTrust = 0;
      const server = await serve(async () => {
        inFlight++;
        if (answered < 2) mostBeforeTrust = Math.max(mostBeforeTrust, inFlight);
        await new Promise(setImmediate);
        inFlight--;
        answered++;
        return { status: answered === 1 ? 403 : 200 };
      });
      const recorder = new ReplyRecorder();
      await clientOf(server.origin, { firstRequestAlone: true }).send(requests(10), recorder);
      expect(recorder.calls).toBe(10);
      expect(mostBeforeTrust).toBe(1);
    });

    it('renew() lets what is in flight finish and sends what follows on a new connection', async () => {
      const client = { current: null as Http2Client | null };
      const server = await serve(({ headers }) => {
        if (headers[':path'] === '/3/device/device0') client.current?.renew();
        return echo({ headers, body: '' });
      });
      client.current = clientOf(server.origin, { maxStreams: 2 });
      const recorder = new ReplyRecorder();
      await client.current.send(requests(20), recorder);
      expect(recorder.statuses()).toEqual(new Array(20).fill(200));
      expect(server.sessions).toHaveLength(2);
    });

    it('close() answers what was not begun as unprocessed and lets the rest finish', async () => {
      const client = { current: null as Http2Client | null };
      const server = await serve(({ headers }) => {
        if (headers[':path'] === '/3/device/device0') void client.current?.close();
        return echo({ headers, body: '' });
      });
      client.current = clientOf(server.origin, { maxStreams: 2 });
      const recorder = new ReplyRecorder();
      await client.current.send(requests(20), recorder);
      expect(recorder.calls).toBe(20);
      expect(recorder.replies[0]?.status).toBe(200);
      expect(recorder.failures().length).toBeGreaterThanOrEqual(18);
      expect(recorder.failures().every(({ certainty }) => certainty === 'unprocessed')).toBe(true);
      const late = new ReplyRecorder();
      await client.current.send(requests(1), late);
      expect(late.failures()).toMatchObject([{ certainty: 'unprocessed' }]);
    });

    it('connect() rejects with the reason, and requests are unprocessed, when nobody listens', async () => {
      const server = await startNodeServer(echo);
      await server.close();
      const client = clientOf(server.origin, { connectTimeoutMs: 200 });
      await expect(client.connect()).rejects.toThrow(/ECONNREFUSED/);
      const recorder = new ReplyRecorder();
      await client.send(requests(2), recorder);
      expect(recorder.failures()).toHaveLength(2);
      expect(recorder.failures()[0]).toMatchObject({ certainty: 'unprocessed' });
      expect(recorder.failures()[0]?.reason).toMatch(/ECONNREFUSED/);
    });

    it('connect() rejects a certificate that nobody vouches for', async () => {
      const server = await serve(echo);
      const { ca: _unused, ...options } = optionsFor(server.origin);
      const client = createClient(options);
      open.push(client);
      await expect(client.connect()).rejects.toThrow(/self-signed certificate/);
    });

    it('connects to the address its lookup vetted, or not at all', async () => {
      const server = await serve(echo);
      const asked: string[] = [];
      const client = clientOf(server.origin, {
        lookup: (hostname, _options, done) => {
          asked.push(hostname);
          done(new Error('address is private'), '', 4);
        },
      });
      await expect(client.connect()).rejects.toThrow(/address is private/);
      expect(asked).toEqual(['localhost']);
    });
  });
}
