import { afterEach, describe, expect, it } from 'vitest';
import { type RawScript, type RawServer, startRawServer } from '../../testing/http2/raw-server.ts';
import { optionsFor, ReplyRecorder, requests } from '../../testing/http2/requests.ts';
import type { Http2Client } from './client.ts';
import { SURROUNDINGS } from './connection.ts';
import { createCoreClient } from './core.ts';
import { CoreConnection } from './core-connection.ts';
import { FLAG, FRAME, MAX_STREAM_ID, SETTING } from './frames.ts';
import { Pool } from './pool.ts';
import { secureContextOf } from './secure.ts';

/** What is only true of, or only visible in, our own connection. */
describe('CoreConnection', () => {
  const open: (Http2Client | RawServer)[] = [];
  afterEach(async () => {
    for (const thing of open.splice(0)) await thing.close();
  });

  async function serve(script: RawScript): Promise<RawServer> {
    const server = await startRawServer(script);
    open.push(server);
    return server;
  }

  it('rolls over to a new connection when the stream ids are used up', async () => {
    const server = await serve({});
    const options = optionsFor(server.origin);
    const secureContext = secureContextOf(options);
    const firstId = MAX_STREAM_ID - 4;
    const client = new Pool(
      options,
      (owner) => new CoreConnection(options, secureContext, owner, SURROUNDINGS, firstId),
      SURROUNDINGS,
    );
    open.push(client);
    const recorder = new ReplyRecorder();
    await client.send(requests(8), recorder);
    expect(recorder.statuses()).toEqual(new Array(8).fill(200));
    expect(server.peers.map((peer) => peer.requests.length)).toEqual([3, 3, 2]);
  });

  it('sends 10 requests of one turn in one header block each, the constant headers in a byte each', async () => {
    const server = await serve({});
    const client = createCoreClient(optionsFor(server.origin));
    open.push(client);
    await client.connect();
    await client.send(requests(10), new ReplyRecorder());
    const blocks = server.peers[0]?.frames.filter(({ type }) => type === FRAME.headers) ?? [];
    expect(blocks).toHaveLength(10);
    // :path 21, six indexed fields, apns-id name 9 and value 5; the first also carries what is indexed.
    expect(blocks.slice(1).every(({ payload }) => payload.length < 45)).toBe(true);
    expect(blocks.every(({ flags }) => (flags & FLAG.endHeaders) !== 0)).toBe(true);
  });

  it('drops its entries, and says so, when the peer forbids the header table', async () => {
    const server = await serve({ settings: [[SETTING.headerTableSize, 0]] });
    const client = createCoreClient(optionsFor(server.origin));
    open.push(client);
    await client.send(requests(3), new ReplyRecorder());
    const blocks = server.peers[0]?.frames.filter(({ type }) => type === FRAME.headers) ?? [];
    expect(blocks[0]?.payload[0]).toBe(0x20);
    expect(blocks.every(({ payload }) => !payload.includes(0xbe))).toBe(true);
    expect(server.peers[0]?.requests[2]?.headers).toMatchObject({ 'apns-topic': 'org.example.app' });
  });

  it('keeps in step with a peer that uses the header table although we asked it not to', async () => {
    const inserted = Buffer.from('8840076170 6e732d6964 056669727374'.replaceAll(' ', ''), 'hex');
    const server = await serve({
      onRequest: (peer, { streamId }) =>
        peer.respond(streamId, streamId === 1 ? inserted : Buffer.from('88be', 'hex')),
    });
    const client = createCoreClient(optionsFor(server.origin));
    open.push(client);
    const recorder = new ReplyRecorder();
    await client.send(requests(3), recorder);
    expect(recorder.replies.map(({ header }) => header)).toEqual(['first', 'first', 'first']);
  });

  it('fails a request whose headers can never be sent, and goes on', async () => {
    const server = await serve({});
    const client = createCoreClient(optionsFor(server.origin));
    open.push(client);
    const recorder = new ReplyRecorder();
    await client.send(
      requests(3, { path: (index) => (index === 1 ? `/${'x'.repeat(9_000)}` : '/short') }),
      recorder,
    );
    expect(recorder.statuses()).toEqual([200, null, 200]);
    expect(recorder.failures()).toMatchObject([{ certainty: 'unprocessed' }]);
  });

  it('tells the peer why it goes when the peer breaks the protocol', async () => {
    const codes: number[] = [];
    const server = await serve({
      onRequest: (peer) => peer.send(FRAME.ping, 0, 1, Buffer.alloc(8)),
      onFrame: (_peer, { type, payload }) => {
        if (type === FRAME.goaway) codes.push(payload.readUInt32BE(4));
      },
    });
    const client = createCoreClient(optionsFor(server.origin));
    open.push(client);
    const recorder = new ReplyRecorder();
    await client.send(requests(1), recorder);
    expect(recorder.failures()[0]?.reason).toMatch(/PING on a stream/);
    await client.close();
    while (!server.peers[0]?.isClosed) await new Promise(setImmediate);
    expect(codes).toEqual([1]);
  });
});
