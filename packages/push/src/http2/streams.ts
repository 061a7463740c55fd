import { MAX_STREAM_ID } from './frames.ts';
import type { Job } from './job.ts';

/**
 * The open streams of a connection in typed arrays: no object per stream. A stream's slot follows from its id;
 * an id whose slot is still taken is skipped, which RFC 9113 §5.1.1 allows (a skipped id counts as closed).
 */
export class StreamTable {
  count = 0;
  nextId: number;
  readonly slots: number;
  /** Stream id by slot; 0 is a free slot. */
  private readonly ids: Int32Array;
  private readonly indices: Int32Array;
  private readonly begunAt: Float64Array;
  private readonly jobs: (Job | null)[];

  constructor(maxStreams: number, firstId: number) {
    let slots = 64;
    while (slots < maxStreams * 4) slots *= 2;
    this.slots = slots;
    this.ids = new Int32Array(slots);
    this.indices = new Int32Array(slots);
    this.begunAt = new Float64Array(slots);
    this.jobs = new Array<Job | null>(slots).fill(null);
    this.nextId = firstId;
    this.skipTaken();
  }

  /** Stream ids are used up: this connection can begin nothing more. */
  get isExhausted(): boolean {
    return this.nextId > MAX_STREAM_ID;
  }

  open(job: Job, index: number, now: number): number {
    const id = this.nextId;
    const slot = this.slotFor(id);
    this.ids[slot] = id;
    this.indices[slot] = index;
    this.begunAt[slot] = now;
    this.jobs[slot] = job;
    this.count++;
    this.nextId = id + 2;
    this.skipTaken();
    return id;
  }

  isOpen(id: number): boolean {
    return this.ids[this.slotFor(id)] === id;
  }

  indexOf(id: number): number {
    return this.indices[this.slotFor(id)] as number;
  }

  /** Frees the slot and returns the stream's job, or null when the stream is not open. */
  close(id: number): Job | null {
    const slot = this.slotFor(id);
    if (this.ids[slot] !== id) return null;
    const job = this.jobs[slot] ?? null;
    this.ids[slot] = 0;
    this.jobs[slot] = null;
    this.count--;
    return job;
  }

  /** Ids above `lastId`, ascending. */
  above(lastId: number): number[] {
    return [...this.ids.filter((id) => id > lastId)].sort((a, b) => a - b);
  }

  /** Ids of streams begun at or before `time`. */
  begunBefore(time: number): number[] {
    const found: number[] = [];
    if (this.count === 0) return found;
    for (let slot = 0; slot < this.slots; slot++) {
      const id = this.ids[slot] as number;
      if (id !== 0 && (this.begunAt[slot] as number) <= time) found.push(id);
    }
    return found;
  }

  private slotFor(id: number): number {
    return (id >>> 1) & (this.slots - 1);
  }

  private skipTaken(): void {
    while (this.nextId <= MAX_STREAM_ID && this.ids[this.slotFor(this.nextId)] !== 0) this.nextId += 2;
  }
}
