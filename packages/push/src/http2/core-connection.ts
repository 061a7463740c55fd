import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Http2ClientOptions } from './client.ts';
import {
  type Connection,
  type ConnectionOwner,
  type ConnectionState,
  provesCredentials,
  REFUSAL_REST_MS,
  REFUSED_REQUEUES,
  type Surroundings,
  UNSENT_REQUEUES,
} from './connection.ts';
import { type DialHandler, dial } from './dial.ts';
import { type FrameHandler, FrameReader } from './frame-reader.ts';
import {
  DEFAULT_WINDOW,
  ERROR,
  FLAG,
  FRAME,
  makeFrame,
  PREFACE,
  ProtocolError,
  SETTING,
  settingsPayload,
  words,
} from './frames.ts';
import { HpackEncoder } from './hpack-encoder.ts';
import type { Job } from './job.ts';
import { Output } from './output.ts';
import { PeerSettings } from './peer-settings.ts';
import { RequestWriter } from './request-writer.ts';
import type { WireResponse } from './response.ts';
import { ResponseReader, type ResponseSink } from './response-reader.ts';
import { StreamTable } from './streams.ts';

/** Without a table of the peer's, answers need no decoding until somebody asks for a header. */
const TABLE_BYTES = 0;
const STREAM_WINDOW = 1 << 20;
const CONNECTION_WINDOW = 1 << 24;
/** Received bytes after which the connection's window is filled up again. */
const REFILL_AFTER_BYTES = 1 << 22;
const NO_PAYLOAD = Buffer.alloc(0);
const PING_PAYLOAD = Buffer.from('liveness', 'latin1');

/** Our own HTTP/2 client connection: RFC 9113 as far as requests with a body and short answers need it. */
export class CoreConnection implements Connection, DialHandler, FrameHandler, ResponseSink {
  state: ConnectionState = 'opening';
  private readonly options: Http2ClientOptions;
  private readonly owner: ConnectionOwner;
  private readonly surroundings: Surroundings;
  private readonly socket: Socket;
  private readonly output: Output;
  private readonly writer: RequestWriter;
  private readonly encoder: HpackEncoder;
  private readonly reader = new FrameReader(this);
  private readonly responses = new ResponseReader(this, TABLE_BYTES);
  private readonly streams: StreamTable;
  private readonly settings = new PeerSettings();
  /** Streams we may have open: the least of ours, the peer's, and one while it does not trust us. */
  private streamLimit = 0;
  private trusted: boolean;
  private served = false;
  private readonly dialledAt: number;
  /** Time of the last write that began something; deadlines count from it. */
  private now: number;
  private heard = false;
  private heardAt: number;
  private pingedAt: number | null = null;
  private restUntil = 0;
  private receivedBytes = 0;
  /** Streams from this id on were never handed to the socket. */
  private firstUnsentId: number;

  constructor(
    options: Http2ClientOptions,
    secureContext: SecureContext | null,
    owner: ConnectionOwner,
    surroundings: Surroundings,
    firstStreamId = 1,
  ) {
    this.options = options;
    this.owner = owner;
    this.surroundings = surroundings;
    this.trusted = options.firstRequestAlone !== true;
    this.dialledAt = this.heardAt = this.now = surroundings.now();
    this.streams = new StreamTable(options.maxStreams, firstStreamId);
    this.firstUnsentId = firstStreamId;
    const { host, protocol } = new URL(options.origin);
    this.encoder = new HpackEncoder(protocol === 'http:' ? 'http' : 'https', host);
    this.socket = dial(options, secureContext, this);
    this.output = new Output(
      this.socket,
      () => {
        this.firstUnsentId = this.streams.nextId;
      },
      () => this.owner.onRoom(),
    );
    this.writer = new RequestWriter(this.encoder, this.output);
  }

  get inFlight(): number {
    return this.streams.count;
  }

  get hasRoom(): boolean {
    return (
      this.state === 'open' &&
      this.streams.count < this.streamLimit &&
      this.restUntil === 0 &&
      !this.output.isBlocked &&
      this.writer.hasWindow
    );
  }

  begin(job: Job, index: number): void {
    if (this.output.isEmpty) this.now = this.surroundings.now();
    const id = this.streams.open(job, index, this.now);
    const problem = this.writer.write(job.source, index, id);
    if (problem !== null) this.fail(id, 'unprocessed', problem, 0);
    if (this.streams.isExhausted) this.drain();
  }

  drain(): void {
    if (this.state !== 'open') return;
    this.served = true;
    this.state = 'draining';
    this.closeWhenDrained();
  }

  destroy(reason: string): void {
    if (this.state === 'closed') return;
    this.socket.destroy();
    this.finish(reason);
  }

  tick(now: number): void {
    const { connectTimeoutMs, requestTimeoutMs } = this.options;
    if (this.state === 'closed') return;
    if (this.state === 'opening') {
      if (now - this.dialledAt >= connectTimeoutMs)
        this.destroy(`no connection within ${connectTimeoutMs} ms`);
      return;
    }
    if (now >= this.restUntil) this.restUntil = 0;
    if (this.heard) {
      this.heard = false;
      this.heardAt = now;
      this.pingedAt = null;
    }
    this.expire(now, requestTimeoutMs);
    this.checkLiveness(now);
  }

  private expire(now: number, requestTimeoutMs: number): void {
    for (const id of this.streams.begunBefore(now - requestTimeoutMs)) {
      this.resetStream(id, ERROR.cancel);
      this.fail(id, 'unknown', `no answer within ${requestTimeoutMs} ms`, 0);
      // Silence for that long means a dead connection (node-apn #27): nothing new is begun on it.
      if (now - this.heardAt >= requestTimeoutMs) this.retire();
    }
    this.closeWhenDrained();
  }

  private checkLiveness(now: number): void {
    const { pingAfterMs, requestTimeoutMs } = this.options;
    if (this.pingedAt !== null) {
      if (now - this.pingedAt >= requestTimeoutMs)
        this.destroy(`no answer to a PING within ${requestTimeoutMs} ms`);
    } else if (now - this.heardAt >= pingAfterMs) {
      this.pingedAt = now;
      this.output.write(makeFrame(FRAME.ping, 0, 0, PING_PAYLOAD));
    }
  }

  onConnected(): void {
    const settings = settingsPayload([
      [SETTING.headerTableSize, TABLE_BYTES],
      [SETTING.enablePush, 0],
      [SETTING.initialWindowSize, STREAM_WINDOW],
    ]);
    this.output.write(PREFACE);
    this.output.write(makeFrame(FRAME.settings, 0, 0, settings));
    this.output.write(makeFrame(FRAME.windowUpdate, 0, 0, words(CONNECTION_WINDOW - DEFAULT_WINDOW)));
    this.output.flush();
  }

  onBytes(chunk: Buffer): void {
    if (this.state === 'closed') return;
    this.heard = true;
    try {
      this.reader.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.breakOff(error);
      return;
    }
    this.owner.onRoom();
    this.closeWhenDrained();
    this.output.flush();
  }

  onLost(reason: string): void {
    this.finish(reason);
  }

  onHeaders(streamId: number, endStream: boolean, block: Buffer, start: number, end: number): void {
    this.responses.onHeaders(streamId, endStream, block, start, end);
  }

  onData(
    streamId: number,
    endStream: boolean,
    data: Buffer,
    start: number,
    end: number,
    flowBytes: number,
  ): void {
    this.receivedBytes += flowBytes;
    if (this.receivedBytes >= REFILL_AFTER_BYTES) {
      this.output.write(makeFrame(FRAME.windowUpdate, 0, 0, words(this.receivedBytes)));
      this.receivedBytes = 0;
    }
    this.responses.onData(streamId, endStream, data, start, end);
  }

  onReset(streamId: number, code: number): void {
    const refused = code === ERROR.refusedStream;
    if (refused) this.restUntil = this.surroundings.now() + REFUSAL_REST_MS;
    const certainty = refused ? 'unprocessed' : 'unknown';
    this.fail(streamId, certainty, `the server reset the stream with code ${code}`, REFUSED_REQUEUES);
  }

  onSettings(payload: Buffer, start: number, end: number): void {
    this.settings.apply(payload, start, end);
    this.encoder.setLimit(this.settings.headerTableSize);
    this.writer.setInitialWindow(this.settings.initialWindowSize);
    this.limitStreams();
    this.output.write(makeFrame(FRAME.settings, FLAG.ack, 0, NO_PAYLOAD));
    if (this.state !== 'opening') return;
    this.state = 'open';
    this.owner.onOpen(this);
  }

  onPing(payload: Buffer): void {
    this.output.write(makeFrame(FRAME.ping, FLAG.ack, 0, payload));
  }

  onPingAck(): void {
    this.pingedAt = null;
  }

  onGoaway(lastStreamId: number, code: number, debugData: string): void {
    this.retire();
    const reason = `GOAWAY code ${code} ${debugData}`.trimEnd();
    for (const id of this.streams.above(lastStreamId)) this.fail(id, 'unprocessed', reason, UNSENT_REQUEUES);
  }

  onWindowUpdate(streamId: number, increment: number): void {
    this.writer.onWindowUpdate(streamId, increment);
  }

  isOpen(streamId: number): boolean {
    return this.streams.isOpen(streamId);
  }

  onResponse(streamId: number, response: WireResponse): void {
    const index = this.streams.indexOf(streamId);
    const job = this.streams.close(streamId);
    if (job === null) return;
    this.served = true;
    if (!this.trusted && provesCredentials(response.status)) {
      this.trusted = true;
      this.limitStreams();
    }
    // An answer before the end of our body: the server does not want the rest of it (RFC 9113 §8.1).
    if (this.writer.abandon(streamId)) this.resetStream(streamId, ERROR.cancel);
    this.owner.onResponse(job, index, response);
  }

  onStreamError(streamId: number, code: number, reason: string): void {
    this.resetStream(streamId, code);
    this.fail(streamId, 'unknown', reason, 0);
  }

  onTruncated(streamId: number): void {
    this.resetStream(streamId, ERROR.cancel);
  }

  private limitStreams(): void {
    const ours = this.trusted ? this.options.maxStreams : 1;
    this.streamLimit = Math.min(ours, this.settings.maxConcurrentStreams);
  }

  private resetStream(streamId: number, code: number): void {
    this.output.write(makeFrame(FRAME.rstStream, 0, streamId, words(code)));
  }

  private fail(
    streamId: number,
    certainty: 'unprocessed' | 'unknown',
    reason: string,
    requeues: number,
  ): void {
    const index = this.streams.indexOf(streamId);
    const job = this.streams.close(streamId);
    if (job === null) return;
    this.writer.abandon(streamId);
    this.responses.forget(streamId);
    this.owner.onFailure(job, index, { certainty, reason }, requeues);
  }

  /** Begins nothing more, as `drain`, but through no wish of ours. */
  private retire(): void {
    if (this.state === 'open' || this.state === 'opening') this.state = 'draining';
  }

  private closeWhenDrained(): void {
    if (this.state !== 'draining' || this.streams.count > 0) return;
    this.sayGoaway(ERROR.none);
    this.socket.destroySoon();
    this.finish('the connection was drained');
  }

  /** The peer broke the protocol: tell it why, then nothing more can be understood. */
  private breakOff({ code, message }: ProtocolError): void {
    this.sayGoaway(code);
    this.socket.destroySoon();
    this.finish(`the server broke HTTP/2: ${message}`);
  }

  private sayGoaway(code: number): void {
    this.output.write(makeFrame(FRAME.goaway, 0, 0, words(0, code)));
    this.output.flush();
  }

  private finish(reason: string): void {
    if (this.state === 'closed') return;
    const { firstUnsentId } = this;
    this.state = 'closed';
    for (const id of this.streams.above(0)) {
      if (id >= firstUnsentId) this.fail(id, 'unprocessed', reason, UNSENT_REQUEUES);
      else this.fail(id, 'unknown', reason, 0);
    }
    this.owner.onClosed(this, reason, this.served);
  }
}
