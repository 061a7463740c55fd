import { ERROR, ProtocolError } from './frames.ts';
import { DEFAULT_TABLE_BYTES, DynamicTable, entryBytes } from './hpack-dynamic-table.ts';
import { decodeHuffman } from './hpack-huffman.ts';
import { STATIC_COUNT, STATIC_TABLE } from './hpack-static-table.ts';

/** Decoded fields as `[name, value, name, value, …]`. */
export type FieldList = string[];

/** Largest decoded header list taken, counted as in RFC 9113 §10.5.1 (bytes + 32 per field). */
export const MAX_HEADER_LIST_BYTES = 65_536;

/** A full HPACK decoder (RFC 7541): dynamic table, size updates, Huffman. Throws `ProtocolError`. */
export class HpackDecoder {
  private readonly table = new DynamicTable();
  /** Our SETTINGS_HEADER_TABLE_SIZE, the most a size update may ask for. */
  private readonly limit: number;
  private scratch = Buffer.allocUnsafe(512);
  private source: Buffer = Buffer.alloc(0);
  private at = 0;
  private end = 0;

  constructor(limit: number = DEFAULT_TABLE_BYTES) {
    this.limit = limit;
  }

  /**
   * True once the peer said it keeps no table: a block may then be skipped or decoded late, because
   * decoding changes nothing.
   */
  get isStateless(): boolean {
    return this.table.capacity === 0;
  }

  decode(source: Buffer, start: number, end: number): FieldList {
    this.source = source;
    this.at = start;
    this.end = end;
    const fields: FieldList = [];
    this.sizeUpdates();
    let bytes = 0;
    while (this.at < this.end) {
      this.field(fields);
      const name = fields[fields.length - 2] as string;
      bytes += entryBytes(name, fields[fields.length - 1] as string);
      if (bytes > MAX_HEADER_LIST_BYTES)
        throw new ProtocolError(ERROR.enhanceYourCalm, 'header list too large');
    }
    return fields;
  }

  /** Size updates stand only at the start of a block (RFC 7541 §4.2). */
  private sizeUpdates(): void {
    while (this.at < this.end && ((this.source[this.at] as number) & 0xe0) === 0x20) {
      const capacity = this.integer(0x1f);
      if (capacity > this.limit) throw compressionError('table size above the limit');
      this.table.resize(capacity);
    }
  }

  private field(fields: FieldList): void {
    const first = this.source[this.at] as number;
    if ((first & 0x80) !== 0) {
      const [name, value] = this.entry(this.integer(0x7f));
      fields.push(name, value);
      return;
    }
    if ((first & 0xe0) === 0x20) throw compressionError('size update inside a block');
    const indexed = (first & 0x40) !== 0;
    const index = this.integer(indexed ? 0x3f : 0x0f);
    const name = index === 0 ? this.text() : this.entry(index)[0];
    const value = this.text();
    if (indexed) this.table.insert(name, value);
    fields.push(name, value);
  }

  private entry(index: number): readonly [name: string, value: string] {
    const entry = index <= STATIC_COUNT ? STATIC_TABLE[index - 1] : this.table.at(index - STATIC_COUNT - 1);
    if (entry === undefined) throw compressionError(`no entry ${index}`);
    return entry;
  }

  /** RFC 7541 §5.1; at most four bytes after the prefix, which is far above every limit of ours. */
  private integer(mask: number): number {
    let value = this.byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw compressionError('integer too large');
  }

  private byte(): number {
    if (this.at >= this.end) throw compressionError('block ends too early');
    return this.source[this.at++] as number;
  }

  private text(): string {
    const huffman = ((this.source[this.at] as number) & 0x80) !== 0;
    const length = this.integer(0x7f);
    const start = this.at;
    if (length > this.end - start) throw compressionError('text longer than its block');
    this.at = start + length;
    if (!huffman) return this.source.toString('latin1', start, this.at);
    if (this.scratch.length < length * 2) this.scratch = Buffer.allocUnsafe(length * 2);
    const written = decodeHuffman(this.source, start, this.at, this.scratch);
    if (written < 0) throw compressionError('Huffman text is not valid');
    return this.scratch.toString('latin1', 0, written);
  }
}

function compressionError(what: string): ProtocolError {
  return new ProtocolError(ERROR.compression, `HPACK: ${what}`);
}
