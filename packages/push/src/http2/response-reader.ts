import { ERROR } from './frames.ts';
import { type FieldList, HpackDecoder } from './hpack-decoder.ts';
import { BODY_LIMIT, WireResponse } from './response.ts';

/** A response whose headers came and whose body has not ended. */
interface Partial {
  readonly status: number;
  readonly fields: FieldList;
  readonly chunks: Buffer[];
  bytes: number;
}

export interface ResponseSink {
  isOpen(streamId: number): boolean;
  onResponse(streamId: number, response: WireResponse): void;
  /** The peer broke the rules on this stream only. */
  onStreamError(streamId: number, code: number, reason: string): void;
  /** The answer is complete for us although the peer goes on: its stream may be cancelled. */
  onTruncated(streamId: number): void;
}

/** `:status 200` as an indexed field (RFC 7541 Appendix A, index 8): how nearly every answer begins. */
const STATUS_200 = 0x88;
const NOTHING = Buffer.alloc(0);

/** Puts responses together from header blocks and data. */
export class ResponseReader {
  private readonly sink: ResponseSink;
  private readonly decoder: HpackDecoder;
  private readonly response: WireResponse;
  private readonly partials = new Map<number, Partial>();

  /** `tableBytes` is the SETTINGS_HEADER_TABLE_SIZE we announced. */
  constructor(sink: ResponseSink, tableBytes: number) {
    this.sink = sink;
    this.decoder = new HpackDecoder(tableBytes);
    this.response = new WireResponse(this.decoder);
  }

  onHeaders(streamId: number, endStream: boolean, block: Buffer, start: number, end: number): void {
    if (endStream && block[start] === STATUS_200 && this.decoder.isStateless && this.partials.size === 0) {
      if (!this.sink.isOpen(streamId)) return;
      this.response.fillLate(200, block, start, end);
      this.deliver(streamId);
      return;
    }
    // Also for streams that are closed by now: the decoder's table must stay equal to the peer's.
    const fields = this.decoder.decode(block, start, end);
    if (this.sink.isOpen(streamId)) this.onFields(streamId, endStream, fields);
  }

  onData(streamId: number, endStream: boolean, data: Buffer, start: number, end: number): void {
    if (!this.sink.isOpen(streamId)) return;
    const partial = this.partials.get(streamId);
    if (partial === undefined) this.sink.onStreamError(streamId, ERROR.protocol, 'DATA before HEADERS');
    else if (endStream && partial.bytes === 0) this.finish(streamId, partial, data.subarray(start, end));
    else this.collect(streamId, partial, endStream, data, start, end);
  }

  /** More than one frame of body, the only case that copies. */
  private collect(
    streamId: number,
    partial: Partial,
    endStream: boolean,
    data: Buffer,
    start: number,
    end: number,
  ): void {
    const kept = Math.min(end - start, BODY_LIMIT - partial.bytes);
    partial.bytes += kept;
    if (kept > 0) partial.chunks.push(Buffer.from(data.subarray(start, start + kept)));
    const full = partial.bytes >= BODY_LIMIT;
    if (!endStream && !full) return;
    this.finish(streamId, partial, Buffer.concat(partial.chunks));
    if (!endStream) this.sink.onTruncated(streamId);
  }

  /** The stream is closed: what came of it is of no use. */
  forget(streamId: number): void {
    this.partials.delete(streamId);
  }

  private onFields(streamId: number, endStream: boolean, fields: FieldList): void {
    const partial = this.partials.get(streamId);
    if (partial === undefined) this.onResponseHeaders(streamId, endStream, fields);
    else this.onTrailers(streamId, endStream, partial);
  }

  private onResponseHeaders(streamId: number, endStream: boolean, fields: FieldList): void {
    const status = fields[0] === ':status' ? Number(fields[1]) : Number.NaN;
    if (!(status >= 100 && status <= 999)) {
      this.sink.onStreamError(streamId, ERROR.protocol, 'response without a status');
      return;
    }
    const interim = status < 200 && !endStream;
    if (interim) return;
    const made: Partial = { status, fields, chunks: [], bytes: 0 };
    if (endStream) this.finish(streamId, made, NOTHING);
    else this.partials.set(streamId, made);
  }

  /** Trailers are decoded, for the table's sake, and dropped. */
  private onTrailers(streamId: number, endStream: boolean, partial: Partial): void {
    if (endStream) this.finish(streamId, partial, Buffer.concat(partial.chunks));
    else this.sink.onStreamError(streamId, ERROR.protocol, 'trailers that do not end the stream');
  }

  private finish(streamId: number, partial: Partial, body: Buffer): void {
    this.partials.delete(streamId);
    this.response.fill(partial.status, partial.fields, body);
    this.deliver(streamId);
  }

  private deliver(streamId: number): void {
    this.sink.onResponse(streamId, this.response);
    if (this.response.defect !== null) throw this.response.defect;
  }
}
