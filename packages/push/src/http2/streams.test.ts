import { describe, expect, it } from 'vitest';
import { ReplyRecorder, requests } from '../../testing/http2/requests.ts';
import { MAX_STREAM_ID } from './frames.ts';
import { Job } from './job.ts';
import { StreamTable } from './streams.ts';

const job = new Job(requests(1), new ReplyRecorder(), () => undefined);

describe('StreamTable', () => {
  it('finds a stream by its id and forgets it when it is closed', () => {
    const table = new StreamTable(10, 1);
    const id = table.open(job, 7, 0);
    expect([table.isOpen(id), table.indexOf(id), table.count]).toEqual([true, 7, 1]);
    expect(table.close(id)).toBe(job);
    expect([table.isOpen(id), table.close(id), table.count]).toEqual([false, null, 0]);
  });

  it('skips the id of a slot that a slow stream still holds', () => {
    const table = new StreamTable(10, 1);
    const slow = table.open(job, 0, 0);
    const ids = new Set<number>();
    for (let round = 1; round <= table.slots * 3; round++) {
      const id = table.open(job, round, 0);
      expect(ids.has(id)).toBe(false);
      ids.add(id);
      table.close(id);
    }
    expect([table.isOpen(slow), table.indexOf(slow), table.count]).toEqual([true, 0, 1]);
  });

  it('lists streams above an id in order, and those begun before a time', () => {
    const table = new StreamTable(10, 1);
    const ids = [10, 20, 30].map((now, index) => table.open(job, index, now));
    expect(table.above(ids[0] ?? 0)).toEqual(ids.slice(1));
    expect(table.begunBefore(20).sort((a, b) => a - b)).toEqual(ids.slice(0, 2));
  });

  it('is exhausted after the last id there is', () => {
    const table = new StreamTable(10, MAX_STREAM_ID - 2);
    table.open(job, 0, 0);
    expect(table.isExhausted).toBe(false);
    table.open(job, 1, 0);
    expect(table.isExhausted).toBe(true);
    expect(table.above(0)).toEqual([MAX_STREAM_ID - 2, MAX_STREAM_ID]);
  });
});
