import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createBatcher, QueueFull } from './batcher.ts';

describe('a batcher', () => {
  it('flushes together what arrives together, and answers each its own result', async () => {
    const batches: number[][] = [];
    const batcher = createBatcher<number, string>({
      maxBatch: 3,
      maxQueue: 100,
      lanes: 1,
      flush: async (items) => {
        batches.push(items);
        return items.map((item) => `r${item}`);
      },
    });
    const results = await Promise.all([1, 2, 3, 4, 5].map((item) => batcher.add(item)));
    expect(results).toEqual(['r1', 'r2', 'r3', 'r4', 'r5']);
    expect(batches).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('rejects every caller of a failed flush and goes on with the next', async () => {
    let fail = true;
    const batcher = createBatcher<number, number>({
      maxBatch: 10,
      maxQueue: 10,
      lanes: 1,
      flush: async (items) => {
        if (fail) throw new Error('away');
        return items;
      },
    });
    const failed = await Promise.allSettled([batcher.add(1), batcher.add(2)]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fail = false;
    await expect(batcher.add(3)).resolves.toBe(3);
  });

  it('refuses when too many wait, and drains', async () => {
    const gate = new EventEmitter();
    const opened = once(gate, 'open');
    const batcher = createBatcher<number, number>({
      maxBatch: 1,
      maxQueue: 2,
      lanes: 1,
      flush: async (items) => {
        await opened;
        return items;
      },
    });
    const first = [batcher.add(1), batcher.add(2)];
    await expect(batcher.add(3)).rejects.toBeInstanceOf(QueueFull);
    gate.emit('open');
    await batcher.drain();
    await expect(Promise.all(first)).resolves.toEqual([1, 2]);
  });
});
