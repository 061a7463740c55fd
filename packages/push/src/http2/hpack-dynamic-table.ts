/** What an entry costs beside its own bytes, RFC 7541 §4.1. */
export const ENTRY_OVERHEAD = 32;
export const DEFAULT_TABLE_BYTES = 4096;

/** The dynamic table, RFC 7541 §2.3.2: position 0 is the newest entry. */
export class DynamicTable {
  /** Oldest first; at most 128 entries fit in 4,096 bytes, so that removing at the front is cheap. */
  private readonly entries: (readonly [name: string, value: string])[] = [];
  private bytes = 0;
  private capacityBytes = DEFAULT_TABLE_BYTES;

  get capacity(): number {
    return this.capacityBytes;
  }

  get size(): number {
    return this.bytes;
  }

  get count(): number {
    return this.entries.length;
  }

  at(position: number): readonly [name: string, value: string] | undefined {
    return this.entries[this.entries.length - 1 - position];
  }

  /** An entry larger than the whole table empties it and is not added (RFC 7541 §4.4). */
  insert(name: string, value: string): void {
    this.entries.push([name, value]);
    this.bytes += entryBytes(name, value);
    this.evict();
  }

  resize(capacity: number): void {
    this.capacityBytes = capacity;
    this.evict();
  }

  private evict(): void {
    while (this.bytes > this.capacityBytes) {
      const oldest = this.entries.shift();
      if (oldest === undefined) return;
      this.bytes -= entryBytes(oldest[0], oldest[1]);
    }
  }
}

export function entryBytes(name: string, value: string): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}
