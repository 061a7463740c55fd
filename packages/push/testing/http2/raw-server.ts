import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { FLAG, FRAME, makeFrame, PREFACE, settingsPayload, words } from '../../src/http2/frames.ts';
import { HpackDecoder } from '../../src/http2/hpack-decoder.ts';
import { selfSignedCertificate } from '../certificate.ts';

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export interface RawRequest {
  readonly streamId: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface RawScript {
  /** First SETTINGS; empty by default. */
  readonly settings?: readonly (readonly [id: number, value: number])[];
  readonly ackSettings?: boolean;
  readonly answerPings?: boolean;
  /** Called for every whole request; answers 200 when there is none. */
  readonly onRequest?: (peer: RawPeer, request: RawRequest) => void;
  readonly onFrame?: (peer: RawPeer, frame: RawFrame) => void;
  readonly onConnect?: (peer: RawPeer) => void;
}

export interface RawServer {
  readonly origin: string;
  readonly peers: readonly RawPeer[];
  close(): Promise<void>;
}

/** A server that speaks frames and does exactly what its script says, right or wrong. */
export async function startRawServer(script: RawScript): Promise<RawServer> {
  const { cert, key } = selfSignedCertificate();
  const peers: RawPeer[] = [];
  const server = createServer({ cert, key, ALPNProtocols: ['h2'] }, (socket) => {
    peers.push(new RawPeer(socket, peers.length, script));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `https://localhost:${port}`,
    peers,
    close: () => {
      for (const peer of peers) peer.cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** One connection as the server sees it. */
export class RawPeer {
  /** 0 for the first connection the server accepted. */
  readonly number: number;
  readonly requests: RawRequest[] = [];
  readonly frames: RawFrame[] = [];
  private readonly socket: TLSSocket;
  private readonly script: RawScript;
  private readonly decoder = new HpackDecoder();
  private readonly open = new Map<number, { headers: Record<string, string>; body: Buffer[] }>();
  private received = Buffer.alloc(0);
  private greeted = false;

  constructor(socket: TLSSocket, number: number, script: RawScript) {
    this.socket = socket;
    this.number = number;
    this.script = script;
    // The client may cut the connection at any time; that is for the test to judge, not for the server.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    this.send(FRAME.settings, 0, 0, settingsPayload(script.settings ?? []));
    script.onConnect?.(this);
  }

  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  send(type: number, flags: number, streamId: number, payload: Uint8Array = Buffer.alloc(0)): void {
    this.write(makeFrame(type, flags, streamId, payload));
  }

  write(bytes: Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** A header block of its own, END_HEADERS set; `block` defaults to `:status 200`. */
  respond(streamId: number, block: Uint8Array = Buffer.from([0x88]), endStream = true): void {
    this.send(FRAME.headers, FLAG.endHeaders | (endStream ? FLAG.endStream : 0), streamId, block);
  }

  reset(streamId: number, code: number): void {
    this.send(FRAME.rstStream, 0, streamId, words(code));
  }

  goaway(lastStreamId: number, code = 0, debugData = ''): void {
    this.send(FRAME.goaway, 0, 0, Buffer.concat([words(lastStreamId, code), Buffer.from(debugData)]));
  }

  change(...settings: readonly (readonly [id: number, value: number])[]): void {
    this.send(FRAME.settings, 0, 0, settingsPayload(settings));
  }

  cut(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    if (!this.greeted) {
      if (this.received.length < PREFACE.length) return;
      if (!this.received.subarray(0, PREFACE.length).equals(PREFACE)) throw new Error('no client preface');
      this.received = this.received.subarray(PREFACE.length);
      this.greeted = true;
    }
    while (this.received.length >= 9 && this.received.length >= 9 + this.received.readUIntBE(0, 3)) {
      const end = 9 + this.received.readUIntBE(0, 3);
      const [type, flags] = [this.received[3] ?? 0, this.received[4] ?? 0];
      const streamId = this.received.readUInt32BE(5) & 0x7fff_ffff;
      const payload = Buffer.from(this.received.subarray(9, end));
      this.received = this.received.subarray(end);
      this.frame({ type, flags, streamId, payload });
    }
  }

  private frame(frame: RawFrame): void {
    const { type, flags, streamId, payload } = frame;
    this.frames.push(frame);
    this.script.onFrame?.(this, frame);
    const isAck = (flags & FLAG.ack) !== 0;
    if (type === FRAME.settings && !isAck && this.script.ackSettings !== false) {
      this.send(FRAME.settings, FLAG.ack, 0);
    }
    if (type === FRAME.ping && !isAck && this.script.answerPings !== false) {
      this.send(FRAME.ping, FLAG.ack, 0, payload);
    }
    if (type === FRAME.headers) {
      const fields = this.decoder.decode(payload, 0, payload.length);
      const headers: Record<string, string> = {};
      for (let at = 0; at < fields.length; at += 2) headers[fields[at] ?? ''] = fields[at + 1] ?? '';
      this.open.set(streamId, { headers, body: [] });
    }
    if (type === FRAME.data) this.open.get(streamId)?.body.push(payload);
    const isMessage = type === FRAME.headers || type === FRAME.data;
    if (isMessage && (flags & FLAG.endStream) !== 0) this.whole(streamId);
  }

  private whole(streamId: number): void {
    const parts = this.open.get(streamId);
    if (parts === undefined) return;
    this.open.delete(streamId);
    const { headers, body } = parts;
    const request = { streamId, headers, path: headers[':path'] ?? '', body: Buffer.concat(body) };
    this.requests.push(request);
    if (this.script.onRequest === undefined) this.respond(streamId);
    else this.script.onRequest(this, request);
  }
}
