import { DEFAULT_MAX_FRAME_BYTES, ERROR, FLAG, FRAME, FRAME_HEADER_BYTES, ProtocolError } from './frames.ts';

/** What the reader calls; buffers are only valid during the call. */
export interface FrameHandler {
  /** A whole header block: padding and priority gone, CONTINUATION joined. */
  onHeaders(streamId: number, endStream: boolean, block: Buffer, start: number, end: number): void;
  /** `flowBytes` counts towards flow control, padding included. */
  onData(
    streamId: number,
    endStream: boolean,
    data: Buffer,
    start: number,
    end: number,
    flowBytes: number,
  ): void;
  onReset(streamId: number, code: number): void;
  onSettings(payload: Buffer, start: number, end: number): void;
  onPing(payload: Buffer): void;
  onPingAck(): void;
  onGoaway(lastStreamId: number, code: number, debugData: string): void;
  onWindowUpdate(streamId: number, increment: number): void;
}

/** Longest header block put together from CONTINUATION frames: an endless row of them is an attack. */
export const MAX_JOINED_BLOCK_BYTES = 65_536;

/** Of GOAWAY's debug data, which APNs fills with a short JSON text. */
const MAX_DEBUG_BYTES = 256;

/** Cuts a byte stream into frames (RFC 9113 §4 and §6). Throws `ProtocolError`. */
export class FrameReader {
  private readonly handler: FrameHandler;
  /** The beginning of a frame whose rest has not arrived. */
  private readonly carry = Buffer.allocUnsafe(FRAME_HEADER_BYTES + DEFAULT_MAX_FRAME_BYTES);
  private carried = 0;
  private settingsSeen = false;
  /** Stream whose header block goes on in CONTINUATION frames; 0 for none. */
  private joining = 0;
  private joiningEndStream = false;
  private readonly joined: Buffer[] = [];
  private joinedBytes = 0;

  constructor(handler: FrameHandler) {
    this.handler = handler;
  }

  push(chunk: Buffer): void {
    let at = 0;
    if (this.carried > 0) {
      at = this.completeCarried(chunk);
      if (this.carried > 0) return;
    }
    while (chunk.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + lengthAt(chunk, at);
      if (end > chunk.length) break;
      this.frame(chunk, at, end);
      at = end;
    }
    if (at < chunk.length) this.carried = chunk.copy(this.carry, 0, at);
  }

  /** Takes what the carried frame lacks and returns the offset after it. */
  private completeCarried(chunk: Buffer): number {
    let at = 0;
    if (this.carried < FRAME_HEADER_BYTES) {
      const taken = chunk.copy(this.carry, this.carried, 0, FRAME_HEADER_BYTES - this.carried);
      this.carried += taken;
      at += taken;
      if (this.carried < FRAME_HEADER_BYTES) return at;
    }
    const total = FRAME_HEADER_BYTES + lengthAt(this.carry, 0);
    const taken = chunk.copy(this.carry, this.carried, at, at + total - this.carried);
    this.carried += taken;
    at += taken;
    if (this.carried < total) return at;
    this.carried = 0;
    this.frame(this.carry, 0, total);
    return at;
  }

  private frame(buffer: Buffer, at: number, end: number): void {
    const type = buffer[at + 3] as number;
    const flags = buffer[at + 4] as number;
    const streamId = wordAt(buffer, at + 5) & 0x7fff_ffff;
    const start = at + FRAME_HEADER_BYTES;
    if (!this.settingsSeen) this.mustBeSettings(type, flags);
    if (this.joining !== 0 && (type !== FRAME.continuation || streamId !== this.joining)) {
      throw new ProtocolError(ERROR.protocol, 'a header block was interrupted');
    }
    if (type === FRAME.headers) this.headers(flags, streamId, buffer, start, end);
    else if (type === FRAME.data) this.data(flags, streamId, buffer, start, end);
    else this.control(type, flags, streamId, buffer, start, end);
  }

  /** RFC 9113 §3.4: the server's preface is a SETTINGS frame. */
  private mustBeSettings(type: number, flags: number): void {
    if (type !== FRAME.settings || (flags & FLAG.ack) !== 0) {
      throw new ProtocolError(ERROR.protocol, 'the server does not speak HTTP/2');
    }
    this.settingsSeen = true;
  }

  private headers(flags: number, streamId: number, buffer: Buffer, start: number, end: number): void {
    onStream(streamId, 'HEADERS');
    const padding = paddingOf(flags, buffer, start, end);
    let from = (flags & FLAG.padded) === 0 ? start : start + 1;
    if ((flags & FLAG.priority) !== 0) from += 5;
    const to = end - padding;
    if (from > to) throw new ProtocolError(ERROR.protocol, 'padding longer than its frame');
    const endStream = (flags & FLAG.endStream) !== 0;
    if ((flags & FLAG.endHeaders) !== 0) this.handler.onHeaders(streamId, endStream, buffer, from, to);
    else {
      this.joining = streamId;
      this.joiningEndStream = endStream;
      this.join(buffer, from, to);
    }
  }

  private join(buffer: Buffer, start: number, end: number): void {
    this.joinedBytes += end - start;
    if (this.joinedBytes > MAX_JOINED_BLOCK_BYTES || this.joined.length > 64) {
      throw new ProtocolError(ERROR.enhanceYourCalm, 'header block too large');
    }
    this.joined.push(Buffer.from(buffer.subarray(start, end)));
  }

  private continuation(flags: number, streamId: number, buffer: Buffer, start: number, end: number): void {
    if (this.joining === 0) throw new ProtocolError(ERROR.protocol, 'CONTINUATION without HEADERS');
    this.join(buffer, start, end);
    if ((flags & FLAG.endHeaders) === 0) return;
    const block = Buffer.concat(this.joined.splice(0));
    this.joining = 0;
    this.joinedBytes = 0;
    this.handler.onHeaders(streamId, this.joiningEndStream, block, 0, block.length);
  }

  private data(flags: number, streamId: number, buffer: Buffer, start: number, end: number): void {
    onStream(streamId, 'DATA');
    const padding = paddingOf(flags, buffer, start, end);
    const from = (flags & FLAG.padded) === 0 ? start : start + 1;
    const endStream = (flags & FLAG.endStream) !== 0;
    this.handler.onData(streamId, endStream, buffer, from, end - padding, end - start);
  }

  private control(
    type: number,
    flags: number,
    streamId: number,
    buffer: Buffer,
    start: number,
    end: number,
  ): void {
    if (type === FRAME.settings) this.settings(flags, streamId, buffer, start, end);
    else if (type === FRAME.ping) this.ping(flags, streamId, buffer, start, end);
    else if (type === FRAME.goaway) this.goaway(streamId, buffer, start, end);
    else if (type === FRAME.continuation) this.continuation(flags, streamId, buffer, start, end);
    else if (type === FRAME.windowUpdate) {
      exactly(end - start, 4, 'WINDOW_UPDATE');
      this.handler.onWindowUpdate(streamId, wordAt(buffer, start) & 0x7fff_ffff);
    } else if (type === FRAME.rstStream) {
      onStream(streamId, 'RST_STREAM');
      exactly(end - start, 4, 'RST_STREAM');
      this.handler.onReset(streamId, wordAt(buffer, start) >>> 0);
    } else if (type === FRAME.pushPromise) {
      throw new ProtocolError(ERROR.protocol, 'PUSH_PROMISE although push is off');
    } // PRIORITY and unknown types are ignored, RFC 9113 §5.5 and §6.3
  }

  private goaway(streamId: number, buffer: Buffer, start: number, end: number): void {
    onConnection(streamId, 'GOAWAY');
    atLeast(end - start, 8, 'GOAWAY');
    const lastStreamId = wordAt(buffer, start) & 0x7fff_ffff;
    const debugData = buffer.toString('utf8', start + 8, Math.min(end, start + 8 + MAX_DEBUG_BYTES));
    this.handler.onGoaway(lastStreamId, wordAt(buffer, start + 4) >>> 0, debugData);
  }

  private settings(flags: number, streamId: number, buffer: Buffer, start: number, end: number): void {
    onConnection(streamId, 'SETTINGS');
    if ((flags & FLAG.ack) !== 0) {
      exactly(end - start, 0, 'SETTINGS ACK');
      return;
    }
    if ((end - start) % 6 !== 0) throw new ProtocolError(ERROR.frameSize, 'SETTINGS of a wrong size');
    this.handler.onSettings(buffer, start, end);
  }

  private ping(flags: number, streamId: number, buffer: Buffer, start: number, end: number): void {
    onConnection(streamId, 'PING');
    exactly(end - start, 8, 'PING');
    if ((flags & FLAG.ack) !== 0) this.handler.onPingAck();
    else this.handler.onPing(buffer.subarray(start, end));
  }
}

function lengthAt(buffer: Buffer, at: number): number {
  const length =
    ((buffer[at] as number) << 16) | ((buffer[at + 1] as number) << 8) | (buffer[at + 2] as number);
  if (length > DEFAULT_MAX_FRAME_BYTES) throw new ProtocolError(ERROR.frameSize, 'frame too large');
  return length;
}

function wordAt(buffer: Buffer, at: number): number {
  const high = ((buffer[at] as number) << 24) | ((buffer[at + 1] as number) << 16);
  return high | ((buffer[at + 2] as number) << 8) | (buffer[at + 3] as number);
}

function paddingOf(flags: number, buffer: Buffer, start: number, end: number): number {
  if ((flags & FLAG.padded) === 0) return 0;
  atLeast(end - start, 1, 'padded frame');
  const padding = buffer[start] as number;
  if (padding >= end - start) throw new ProtocolError(ERROR.protocol, 'padding longer than its frame');
  return padding;
}

function onStream(streamId: number, what: string): void {
  if (streamId === 0) throw new ProtocolError(ERROR.protocol, `${what} on stream 0`);
}

function onConnection(streamId: number, what: string): void {
  if (streamId !== 0) throw new ProtocolError(ERROR.protocol, `${what} on a stream`);
}

function exactly(length: number, expected: number, what: string): void {
  if (length !== expected) throw new ProtocolError(ERROR.frameSize, `${what} of a wrong size`);
}

function atLeast(length: number, least: number, what: string): void {
  if (length < least) throw new ProtocolError(ERROR.frameSize, `${what} of a wrong size`);
}
