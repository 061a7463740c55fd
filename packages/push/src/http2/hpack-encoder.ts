import { DEFAULT_TABLE_BYTES, DynamicTable, entryBytes } from './hpack-dynamic-table.ts';
import { PATH_INDEX, STATIC_COUNT, STATIC_TABLE } from './hpack-static-table.ts';

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** Largest encoded block of constant headers: with the path it still fits one HEADERS frame. */
export const MAX_BLOCK_BYTES = 8_192;
/** A size update is at most this many bytes for tables up to 4,096, twice (RFC 7541 §4.2). */
const SIZE_UPDATE_BYTES = 3;
export const MAX_SIZE_UPDATE_BYTES = 2 * SIZE_UPDATE_BYTES;
const INDEXED = 0x80;
const WITH_INDEXING = 0x40;
const WITHOUT_INDEXING = 0x00;

interface CachedBlock {
  readonly generation: number;
  readonly variableHeader: string | null;
  readonly bytes: Buffer;
}

/**
 * HPACK for requests that repeat: constant headers go into the dynamic table once and cost a byte each from
 * then on; what differs per request is never indexed, or it would evict them.
 */
export class HpackEncoder {
  private readonly table = new DynamicTable();
  private readonly pseudo: HeaderPairs;
  private readonly cache = new WeakMap<HeaderPairs, CachedBlock>();
  /** Counts insertions: every one of them shifts the indices of older blocks. */
  private generation = 0;
  private smallestPending: number | null = null;
  private lastHeaders: HeaderPairs | null = null;
  private lastBlock: CachedBlock | null = null;

  constructor(scheme: 'http' | 'https', authority: string) {
    this.pseudo = [
      [':method', 'POST'],
      [':scheme', scheme],
      [':authority', authority],
    ];
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE; 4,096 bytes are enough, so that more is not used. */
  setLimit(bytes: number): void {
    const capacity = Math.min(bytes, DEFAULT_TABLE_BYTES);
    if (capacity === this.table.capacity) return;
    this.smallestPending = Math.min(this.smallestPending ?? capacity, capacity);
    this.table.resize(capacity);
    this.generation++;
  }

  /** Size updates owed to the peer; must begin the next block. Returns the offset after them. */
  writeSizeUpdates(target: Buffer, at: number): number {
    if (this.smallestPending === null) return at;
    const { capacity } = this.table;
    let end = at;
    if (this.smallestPending < capacity) end = writeInteger(target, end, 0x20, 0x1f, this.smallestPending);
    this.smallestPending = null;
    return writeInteger(target, end, 0x20, 0x1f, capacity);
  }

  /**
   * The encoded constant headers, ending with the name of `variableHeader` when there is one: its value must
   * follow. Must be written to the peer at once, in this order: it may hold insertions. Null, and nothing
   * changed, when the headers are larger than `MAX_BLOCK_BYTES`.
   */
  block(headers: HeaderPairs, variableHeader: string | null): Buffer | null {
    let cached = this.lastBlock;
    if (headers !== this.lastHeaders || cached === null) cached = this.cache.get(headers) ?? null;
    const fresh = cached?.generation === this.generation && cached.variableHeader === variableHeader;
    if (cached === null || !fresh) return this.encode(headers, variableHeader);
    this.lastHeaders = headers;
    this.lastBlock = cached;
    return cached.bytes;
  }

  private encode(headers: HeaderPairs, variableHeader: string | null): Buffer | null {
    const all = [...this.pseudo, ...headers];
    let bound = variableHeader?.length ?? 0;
    for (const [name, value] of all) bound += entryBytes(name, value);
    if (bound > MAX_BLOCK_BYTES) return null;
    const target = Buffer.allocUnsafe(bound + 8);
    const before = this.generation;
    const end = this.writeAll(target, all, variableHeader);
    if (this.generation !== before) return target.subarray(0, end);
    const bytes = target.subarray(0, end);
    this.cache.set(headers, { generation: before, variableHeader, bytes });
    return bytes;
  }

  private writeAll(target: Buffer, all: HeaderPairs, variableHeader: string | null): number {
    let at = 0;
    for (const [name, value] of all) at = this.writeField(target, at, name, value);
    if (variableHeader === null) return at;
    target[at] = WITHOUT_INDEXING;
    return writeText(target, at + 1, variableHeader);
  }

  private writeField(target: Buffer, at: number, name: string, value: string): number {
    const [position, whole] = this.find(name, value);
    if (whole) return writeInteger(target, at, INDEXED, 0x7f, position);
    // An entry that takes more than half of the table would only drive the others out of it.
    const insert = entryBytes(name, value) * 2 <= this.table.capacity;
    const kind = insert ? WITH_INDEXING : WITHOUT_INDEXING;
    let end = writeInteger(target, at, kind, insert ? 0x3f : 0x0f, position);
    if (position === 0) end = writeText(target, end, name);
    if (insert) {
      this.table.insert(name, value);
      this.generation++;
    }
    return writeText(target, end, value);
  }

  /** Index of the field, or else of its name, or 0. */
  private find(name: string, value: string): [position: number, whole: boolean] {
    let named = 0;
    for (let position = 1; position <= STATIC_COUNT + this.table.count; position++) {
      const entry =
        position <= STATIC_COUNT ? STATIC_TABLE[position - 1] : this.table.at(position - STATIC_COUNT - 1);
      if (entry === undefined || entry[0] !== name) continue;
      if (entry[1] === value) return [position, true];
      if (named === 0) named = position;
    }
    return [named, false];
  }
}

/** RFC 7541 §5.1: `kind` are the bits above the prefix, `mask` the prefix. */
export function writeInteger(target: Buffer, at: number, kind: number, mask: number, value: number): number {
  if (value < mask) {
    target[at] = kind | value;
    return at + 1;
  }
  target[at] = kind | mask;
  let end = at + 1;
  let rest = value - mask;
  while (rest >= 0x80) {
    target[end++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[end] = rest;
  return end + 1;
}

/** Plain text, not Huffman: the CPU it would cost is worth more than the bytes. */
export function writeText(target: Buffer, at: number, text: string): number {
  const start = writeInteger(target, at, 0, 0x7f, text.length);
  return start + target.write(text, start, 'latin1');
}

/** `:path`, never indexed (RFC 7541 §6.2.2): a token would evict what repeats. */
export function writePath(target: Buffer, at: number, path: string): number {
  target[at] = WITHOUT_INDEXING | PATH_INDEX;
  return writeText(target, at + 1, path);
}
