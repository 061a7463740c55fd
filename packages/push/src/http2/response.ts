import type { Response } from './client.ts';
import type { FieldList, HpackDecoder } from './hpack-decoder.ts';

/** Bytes of a response body that are kept; providers answer with less than 1 KiB. */
export const BODY_LIMIT = 65_536;

const NOTHING = Buffer.alloc(0);

/** The one `Response` of a connection, filled anew for every answer. */
export class WireResponse implements Response {
  status = 0;
  body: Buffer = NOTHING;
  /** What was wrong with a block that was decoded late; the reader closes the connection for it. */
  defect: unknown = null;
  private readonly decoder: HpackDecoder;
  private fields: FieldList | null = null;
  private block: Buffer = NOTHING;
  private start = 0;
  private end = 0;

  constructor(decoder: HpackDecoder) {
    this.decoder = decoder;
  }

  fill(status: number, fields: FieldList, body: Buffer): void {
    this.status = status;
    this.fields = fields;
    this.body = body;
  }

  /** An answer without body whose headers are only decoded when somebody asks for one. */
  fillLate(status: number, block: Buffer, start: number, end: number): void {
    this.status = status;
    this.body = NOTHING;
    this.fields = null;
    this.block = block;
    this.start = start;
    this.end = end;
  }

  header(name: string): string | undefined {
    const fields = this.fields ?? this.decodeLate();
    let found: string | undefined;
    for (let at = 0; at < fields.length; at += 2) {
      if (fields[at] !== name) continue;
      found = found === undefined ? fields[at + 1] : `${found}, ${fields[at + 1]}`;
    }
    return found;
  }

  private decodeLate(): FieldList {
    try {
      this.fields = this.decoder.decode(this.block, this.start, this.end);
    } catch (error) {
      this.defect = error;
      this.fields = [];
    }
    return this.fields;
  }
}
