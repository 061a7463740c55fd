import type { RequestSource } from './client.ts';
import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW,
  ERROR,
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  MAX_WINDOW,
  ProtocolError,
  writeFrameHeader,
} from './frames.ts';
import {
  type HpackEncoder,
  MAX_BLOCK_BYTES,
  MAX_SIZE_UPDATE_BYTES,
  writePath,
  writeText,
} from './hpack-encoder.ts';
import type { Output } from './output.ts';

/** A length in a literal (RFC 7541 §5.1) or an index takes no more than this. */
const LITERAL_BYTES = 5;

/** A body, or its rest, that the peer's windows do not allow yet. */
interface WaitingBody {
  readonly streamId: number;
  readonly body: Buffer;
  sent: number;
  window: number;
}

/** Writes requests: HEADERS, then DATA as far as flow control (RFC 9113 §5.2) allows. */
export class RequestWriter {
  private readonly encoder: HpackEncoder;
  private readonly output: Output;
  private connectionWindow = DEFAULT_WINDOW;
  private initialWindow = DEFAULT_WINDOW;
  private readonly waiting = new Map<number, WaitingBody>();

  constructor(encoder: HpackEncoder, output: Output) {
    this.encoder = encoder;
    this.output = output;
  }

  /** False while the connection's window is used up: a new request could not say anything. */
  get hasWindow(): boolean {
    return this.connectionWindow > 0;
  }

  /** Returns null, or why the request can never be written. */
  write(source: RequestSource, index: number, streamId: number): string | null {
    const path = source.path(index);
    const value = source.variableHeader === null ? '' : source.variableValue(index);
    if (path.length + value.length > MAX_BLOCK_BYTES - 64) return 'path and headers are too long';
    const block = this.encoder.block(source.headers, source.variableHeader);
    if (block === null) return 'headers are too long';
    const headBytes = MAX_SIZE_UPDATE_BYTES + 2 * LITERAL_BYTES + path.length + block.length + value.length;
    const { maxBodyBytes } = source;
    const whole = maxBodyBytes <= DEFAULT_MAX_FRAME_BYTES && maxBodyBytes <= this.smallestWindow();
    const { output } = this;
    output.reserve(2 * FRAME_HEADER_BYTES + headBytes + (whole ? maxBodyBytes : 0));
    const { buffer, length: start } = output;
    let at = this.encoder.writeSizeUpdates(buffer, start + FRAME_HEADER_BYTES);
    at = writePath(buffer, at, path);
    buffer.set(block, at);
    at += block.length;
    if (source.variableHeader !== null) at = writeText(buffer, at, value);
    if (whole) this.writeBody(source, index, streamId, start, at);
    else this.writeLater(source, index, streamId, start, at);
    return null;
  }

  /** The common case: the body goes straight into the output, behind its HEADERS. */
  private writeBody(source: RequestSource, index: number, streamId: number, start: number, at: number): void {
    const { output } = this;
    const length = source.writeBody(index, output.buffer, at + FRAME_HEADER_BYTES);
    this.writeHead(streamId, start, at, length === 0);
    if (length === 0) {
      output.advance(at);
      return;
    }
    const end = writeFrameHeader(output.buffer, at, length, FRAME.data, FLAG.endStream, streamId) + length;
    this.connectionWindow -= length;
    output.advance(end);
  }

  private writeLater(
    source: RequestSource,
    index: number,
    streamId: number,
    start: number,
    at: number,
  ): void {
    const space = Buffer.allocUnsafe(source.maxBodyBytes);
    const body = space.subarray(0, source.writeBody(index, space, 0));
    this.writeHead(streamId, start, at, body.length === 0);
    this.output.advance(at);
    if (body.length === 0) return;
    const waiting = { streamId, body, sent: 0, window: this.initialWindow };
    this.waiting.set(streamId, waiting);
    this.continueBody(waiting);
  }

  private writeHead(streamId: number, start: number, end: number, endStream: boolean): void {
    const flags = endStream ? FLAG.endHeaders | FLAG.endStream : FLAG.endHeaders;
    const length = end - start - FRAME_HEADER_BYTES;
    writeFrameHeader(this.output.buffer, start, length, FRAME.headers, flags, streamId);
  }

  private smallestWindow(): number {
    return Math.min(this.connectionWindow, this.initialWindow);
  }

  private continueBody(waiting: WaitingBody): void {
    const { output } = this;
    const { body, streamId } = waiting;
    while (waiting.sent < body.length) {
      const rest = body.length - waiting.sent;
      const length = Math.min(rest, DEFAULT_MAX_FRAME_BYTES, waiting.window, this.connectionWindow);
      if (length <= 0) return;
      output.reserve(FRAME_HEADER_BYTES + length);
      const flags = length === rest ? FLAG.endStream : 0;
      const at = writeFrameHeader(output.buffer, output.length, length, FRAME.data, flags, streamId);
      body.copy(output.buffer, at, waiting.sent, waiting.sent + length);
      output.advance(at + length);
      waiting.sent += length;
      waiting.window -= length;
      this.connectionWindow -= length;
    }
    this.waiting.delete(streamId);
  }

  private continueBodies(): void {
    for (const waiting of [...this.waiting.values()]) this.continueBody(waiting);
  }

  /** Forgets the rest of a body; true when there was one, so that the stream is still open on our side. */
  abandon(streamId: number): boolean {
    return this.waiting.delete(streamId);
  }

  onWindowUpdate(streamId: number, increment: number): void {
    if (increment === 0) throw new ProtocolError(ERROR.protocol, 'WINDOW_UPDATE of 0');
    if (streamId === 0) {
      this.connectionWindow += increment;
      if (this.connectionWindow > MAX_WINDOW) throw new ProtocolError(ERROR.flowControl, 'window too large');
    } else {
      const waiting = this.waiting.get(streamId);
      if (waiting === undefined) return;
      waiting.window += increment;
      if (waiting.window > MAX_WINDOW) throw new ProtocolError(ERROR.flowControl, 'window too large');
    }
    this.continueBodies();
  }

  /** A new SETTINGS_INITIAL_WINDOW_SIZE also moves the windows of open streams, even below 0 (§6.9.2). */
  setInitialWindow(bytes: number): void {
    if (bytes > MAX_WINDOW) throw new ProtocolError(ERROR.flowControl, 'initial window too large');
    const change = bytes - this.initialWindow;
    this.initialWindow = bytes;
    for (const waiting of this.waiting.values()) waiting.window += change;
    this.continueBodies();
  }
}
