import { afterEach, describe, expect, it } from 'vitest';
import {
  type RawPeer,
  type RawScript,
  type RawServer,
  startRawServer,
} from '../../testing/http2/raw-server.ts';
import { optionsFor, ReplyRecorder, requests } from '../../testing/http2/requests.ts';
import type { CreateClient } from './client.contract.ts';
import type { Http2Client, Http2ClientOptions } from './client.ts';
import { ERROR, FLAG, FRAME, makeFrame, SETTING, words } from './frames.ts';

/** A promise and the function that fulfils it. */
function signal(): { promise: Promise<void>; fire: () => void } {
  const resolvers: (() => void)[] = [];
  const promise = new Promise<void>((resolve) => resolvers.push(resolve));
  return { promise, fire: () => resolvers[0]?.() };
}

const allOk = (count: number) => new Array(count).fill(200);

/** What every implementation does when the server misbehaves, or behaves in a rare way. */
export function http2FailuresContract(name: string, createClient: CreateClient): void {
  describe(`${name} against a scripted server`, () => {
    const open: (Http2Client | RawServer)[] = [];
    afterEach(async () => {
      for (const thing of open.splice(0)) await thing.close();
    });

    async function start(
      script: RawScript,
      changes: Partial<Http2ClientOptions> = {},
    ): Promise<{ client: Http2Client; server: RawServer; recorder: ReplyRecorder }> {
      const server = await startRawServer(script);
      const client = createClient(optionsFor(server.origin, changes));
      open.push(client, server);
      return { client, server, recorder: new ReplyRecorder() };
    }

    it('GOAWAY mid-batch: streams above the last id are sent again on a new connection, those below finish', async () => {
      const first: number[] = [];
      const { client, server, recorder } = await start(
        {
          onRequest: (peer, { streamId }) => {
            if (peer.number > 0) return peer.respond(streamId);
            first.push(streamId);
            if (first.length !== 20) return;
            peer.goaway(first[9] ?? 0, ERROR.none, '{"reason":"Shutdown"}');
            for (const id of first.slice(0, 10)) peer.respond(id);
          },
        },
        { maxStreams: 20 },
      );
      await client.send(requests(50), recorder);
      expect(recorder.statuses()).toEqual(allOk(50));
      expect(recorder.calls).toBe(50);
      expect(server.peers).toHaveLength(2);
      expect(server.peers[1]?.requests).toHaveLength(40);
    });

    it('GOAWAY, then a lost connection: streams at or below the last id are unknown', async () => {
      const { client, recorder } = await start({
        onRequest: (peer, { streamId }) => {
          if (streamId !== 5) return;
          peer.goaway(5, ERROR.internal);
          setImmediate(() => peer.cut());
        },
      });
      await client.send(requests(3), recorder);
      expect(recorder.failures().map(({ certainty }) => certainty)).toEqual([
        'unknown',
        'unknown',
        'unknown',
      ]);
    });

    it('REFUSED_STREAM requeue: the same request is sent once more', async () => {
      let refused = false;
      const { client, server, recorder } = await start({
        onRequest: (peer, { streamId }) => {
          if (refused) return peer.respond(streamId);
          refused = true;
          peer.reset(streamId, ERROR.refusedStream);
        },
      });
      await client.send(requests(1), recorder);
      expect(recorder.statuses()).toEqual([200]);
      const paths = server.peers.flatMap((peer) => peer.requests.map(({ path }) => path));
      expect(paths).toEqual(['/3/device/device0', '/3/device/device0']);
    });

    it('REFUSED_STREAM requeue: with two connections the repeat goes to the other one', async () => {
      let refusing: number | null = null;
      const { client, server, recorder } = await start(
        {
          onRequest: (peer, { streamId }) => {
            refusing ??= peer.number;
            if (peer.number === refusing) peer.reset(streamId, ERROR.refusedStream);
            else peer.respond(streamId);
          },
        },
        { connections: 2 },
      );
      await client.connect();
      await client.send(requests(1), recorder);
      expect(recorder.statuses()).toEqual([200]);
      expect(server.peers.map((peer) => peer.requests.length)).toEqual([1, 1]);
    });

    it('refused twice is reported as unprocessed', async () => {
      const { client, recorder } = await start({
        onRequest: (peer, { streamId }) => peer.reset(streamId, ERROR.refusedStream),
      });
      await client.send(requests(1), recorder);
      expect(recorder.failures()).toMatchObject([{ certainty: 'unprocessed' }]);
    });

    it('another RST_STREAM is unknown and harms no other request', async () => {
      const { client, recorder } = await start({
        onRequest: (peer, { streamId, path }) => {
          if (path.endsWith('1')) peer.reset(streamId, ERROR.internal);
          else peer.respond(streamId);
        },
      });
      await client.send(requests(3), recorder);
      expect(recorder.statuses()).toEqual([200, null, 200]);
      expect(recorder.failures()).toMatchObject([{ certainty: 'unknown' }]);
    });

    it('MAX_CONCURRENT_STREAMS that shrinks to 1, then to 0, then grows again is obeyed', async () => {
      let inFlight = 0;
      let most = 0;
      let seen = 0;
      const answer = (peer: RawPeer, streamId: number) => {
        inFlight--;
        peer.respond(streamId);
      };
      const { client, recorder } = await start({
        settings: [[SETTING.maxConcurrentStreams, 1]],
        onRequest: (peer, { streamId }) => {
          inFlight++;
          seen++;
          most = Math.max(most, inFlight);
          if (seen === 5) {
            peer.change([SETTING.maxConcurrentStreams, 0]);
            answer(peer, streamId);
            setImmediate(() => peer.change([SETTING.maxConcurrentStreams, 2]));
          } else setImmediate(() => answer(peer, streamId));
        },
      });
      await client.send(requests(20), recorder);
      expect(recorder.statuses()).toEqual(allOk(20));
      expect(most).toBeLessThanOrEqual(2);
    });

    it('a server that never allows a stream fails the requests as unprocessed', async () => {
      const { client, recorder } = await start(
        { settings: [[SETTING.maxConcurrentStreams, 0]] },
        { requestTimeoutMs: 150 },
      );
      await client.send(requests(3), recorder);
      expect(recorder.failures().map(({ certainty }) => certainty)).toEqual(new Array(3).fill('unprocessed'));
    });

    it('a connection cut with requests in flight leaves them unknown and the next batch is sent', async () => {
      const { client, recorder } = await start({
        onRequest: (peer, { streamId }) => (peer.number === 0 ? peer.cut() : peer.respond(streamId)),
      });
      await client.send(requests(1), recorder);
      expect(recorder.failures()).toMatchObject([{ certainty: 'unknown' }]);
      const second = new ReplyRecorder();
      await client.send(requests(2), second);
      expect(second.statuses()).toEqual([200, 200]);
    });

    it('a server that cuts every connection unanswered does not hold a batch up', async () => {
      const { client, server, recorder } = await start(
        { onRequest: (peer) => peer.cut() },
        { maxStreams: 1 },
      );
      await client.send(requests(50), recorder);
      expect(recorder.failures()).toHaveLength(50);
      expect(server.peers.length).toBeLessThan(10);
    });

    it('a request without an answer is given up after its deadline, and its stream is cancelled', async () => {
      const cancelled = signal();
      const { client, recorder } = await start(
        {
          onRequest: (peer, { streamId, path }) => {
            if (path.endsWith('0')) peer.respond(streamId);
          },
          onFrame: (_peer, { type }) => type === FRAME.rstStream && cancelled.fire(),
        },
        { requestTimeoutMs: 150 },
      );
      await client.send(requests(2), recorder);
      expect(recorder.statuses()).toEqual([200, null]);
      expect(recorder.failures()).toMatchObject([
        { certainty: 'unknown', reason: 'no answer within 150 ms' },
      ]);
      await cancelled.promise;
    });

    it('half-open socket: no answer to a PING closes the connection, and a new one is opened', async () => {
      const { client, server } = await start(
        { answerPings: false },
        { pingAfterMs: 40, requestTimeoutMs: 120 },
      );
      await client.connect();
      const closed = signal();
      const watch = setInterval(() => server.peers[0]?.isClosed && closed.fire(), 5);
      await closed.promise;
      clearInterval(watch);
      const recorder = new ReplyRecorder();
      await client.send(requests(1), recorder);
      expect(recorder.statuses()).toEqual([200]);
      expect(server.peers).toHaveLength(2);
    });

    it('bodies larger than every window arrive whole', async () => {
      const size = 50_000;
      const { client, server, recorder } = await start({
        settings: [[SETTING.initialWindowSize, 10]],
        onFrame: (peer, { type, streamId, payload }) => {
          if (type !== FRAME.data || payload.length === 0) return;
          peer.send(FRAME.windowUpdate, 0, 0, words(payload.length));
          if (streamId === 1 && payload.length === 10) peer.change([SETTING.initialWindowSize, 30_000]);
          else peer.send(FRAME.windowUpdate, 0, streamId, words(payload.length));
        },
      });
      const source = requests(4, {
        maxBodyBytes: size,
        writeBody: (index, target, offset) => target.fill(97 + index, offset, offset + size) && size,
      });
      await client.send(source, recorder);
      expect(recorder.statuses()).toEqual(allOk(4));
      for (const { path, body } of server.peers[0]?.requests ?? []) {
        expect(body.equals(Buffer.alloc(size, 97 + Number(path.at(-1))))).toBe(true);
      }
    });

    it('reads answers in CONTINUATION frames, with padding, and past unknown frames', async () => {
      const { client, recorder } = await start({
        onConnect: (peer) => peer.send(0xee, 0xff, 0, Buffer.from('what is this')),
        onRequest: (peer, { streamId }) => {
          if (streamId === 1) {
            peer.send(FRAME.headers, FLAG.endStream, 1, Buffer.from('88', 'hex'));
            peer.send(FRAME.continuation, 0, 1, Buffer.concat([Buffer.from('00', 'hex'), text('apns-id')]));
            peer.send(FRAME.continuation, FLAG.endHeaders, 1, text('joined'));
          } else if (streamId === 3) {
            const block = Buffer.concat([
              Buffer.from('048800', 'hex'),
              text('apns-id'),
              text('pad'),
              Buffer.alloc(4),
            ]);
            peer.send(FRAME.headers, FLAG.endStream | FLAG.endHeaders | FLAG.padded, 3, block);
          } else {
            peer.send(0xbb, 0, streamId, Buffer.from('ignore me'));
            peer.respond(
              streamId,
              Buffer.concat([
                Buffer.from('88', 'hex'),
                Buffer.from('00', 'hex'),
                text('apns-id'),
                text('plain'),
              ]),
            );
          }
        },
      });
      await client.send(requests(3), recorder);
      expect(recorder.replies.map(({ header }) => header)).toEqual(['joined', 'pad', 'plain']);
    });

    it('reads a Huffman text in an answer', async () => {
      // `www.example.com`, RFC 7541 C.4.1.
      const value = Buffer.from('8cf1e3c2e5f23a6ba0ab90f4ff', 'hex');
      const block = Buffer.concat([Buffer.from('8800', 'hex'), text('apns-id'), value]);
      const { client, recorder } = await start({
        onRequest: (peer, { streamId }) => peer.respond(streamId, block),
      });
      await client.send(requests(1), recorder);
      expect(recorder.replies[0]?.header).toBe('www.example.com');
    });

    it('hands back the body of an answer, also in several frames with padding', async () => {
      const { client, recorder } = await start({
        onRequest: (peer, { streamId }) => {
          peer.respond(streamId, Buffer.from([0x8c]), false);
          peer.send(FRAME.data, FLAG.padded, streamId, Buffer.from('\x03{"reasonxyz'));
          peer.send(FRAME.data, FLAG.endStream, streamId, Buffer.from('":"BadDeviceToken"}'));
        },
      });
      await client.send(requests(1), recorder);
      expect(recorder.replies[0]).toMatchObject({ status: 400, body: '{"reason":"BadDeviceToken"}' });
    });

    it('HTML error body: an answer that goes on and on is cut at 64 KiB', async () => {
      const { client, recorder } = await start({
        onRequest: (peer, { streamId }) => {
          peer.respond(streamId, Buffer.from([0x8e]), false);
          for (let sent = 0; sent < 6; sent++) peer.send(FRAME.data, 0, streamId, Buffer.alloc(16_384, '<'));
        },
      });
      await client.send(requests(1), recorder);
      expect(recorder.replies[0]?.status).toBe(500);
      expect(recorder.replies[0]?.body).toHaveLength(65_536);
    });

    it('a header table of 0 bytes, also in the middle of a conversation, is obeyed', async () => {
      const { client, recorder } = await start(
        {
          onRequest: (peer, { streamId }) => {
            if (streamId === 5) peer.change([SETTING.headerTableSize, 0]);
            peer.respond(streamId);
          },
        },
        { maxStreams: 2 },
      );
      await client.send(requests(20), recorder);
      expect(recorder.statuses()).toEqual(allOk(20));
    });

    it('works with a server that never acknowledges our SETTINGS', async () => {
      const { client, recorder } = await start({ ackSettings: false });
      await client.send(requests(5), recorder);
      expect(recorder.statuses()).toEqual(allOk(5));
    });

    it('an interim 1xx answer is not the answer', async () => {
      const early = Buffer.concat([Buffer.from('08', 'hex'), text('103')]);
      const { client, recorder } = await start({
        onRequest: (peer, { streamId }) => {
          peer.respond(streamId, early, false);
          peer.respond(streamId);
        },
      });
      await client.send(requests(1), recorder);
      expect(recorder.statuses()).toEqual([200]);
    });

    it('a server that breaks the protocol loses the connection, and requests in flight are unknown', async () => {
      const { client, server, recorder } = await start(
        {
          onRequest: (peer, { streamId }) => {
            if (peer.number === 0) peer.write(makeFrame(FRAME.data, 0, 0, Buffer.from('x')));
            else peer.respond(streamId);
          },
        },
        { requestTimeoutMs: 10_000 },
      );
      await client.send(requests(1), recorder);
      expect(recorder.failures()).toMatchObject([{ certainty: 'unknown' }]);
      const second = new ReplyRecorder();
      await client.send(requests(1), second);
      expect(second.statuses()).toEqual([200]);
      expect(server.peers).toHaveLength(2);
    });
  });
}

/** A plain HPACK text shorter than 127 bytes. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
}
