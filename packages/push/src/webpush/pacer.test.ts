import { describe, expect, it } from 'vitest';
import { KeyPool } from './key-pool.ts';
import { Pacer } from './pacer.ts';

function busyFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('the pacer', () => {
  it('lets timers through between pieces of work', async () => {
    const pacer = new Pacer();
    let finished = 0;
    let finishedAtTimer = -1;
    setTimeout(() => {
      finishedAtTimer = finished;
    }, 5);
    const pieces = Array.from({ length: 20 }, () =>
      pacer.run(() => {
        busyFor(3);
        finished++;
      }),
    );
    await Promise.all(pieces);
    expect(finished).toBe(20);
    expect(finishedAtTimer).toBeGreaterThanOrEqual(0);
    expect(finishedAtTimer).toBeLessThan(20);
  });

  it('keeps the order and goes on after a piece that throws', async () => {
    const pacer = new Pacer();
    const order: number[] = [];
    const first = pacer.run(() => order.push(1));
    const broken = pacer.run(() => {
      throw new Error('broken piece');
    });
    const last = pacer.run(() => order.push(2));
    await expect(broken).rejects.toThrow('broken piece');
    await Promise.all([first, last]);
    expect(order).toEqual([1, 2]);
  });
});

describe('the key pool', () => {
  it('hands out every key once', () => {
    const pool = new KeyPool(() => true);
    const keys = Array.from({ length: 50 }, () => pool.take().getPublicKey('hex'));
    expect(new Set(keys).size).toBe(50);
  });

  it('fills itself while there is nothing to do, and not otherwise', async () => {
    let idle = false;
    const pool = new KeyPool(() => idle);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    pool.fill();
    await turn();
    await turn();
    expect(pool.size).toBe(0);
    idle = true;
    pool.fill();
    while (pool.size < 100) await turn();
    const before = pool.size;
    pool.take();
    expect(pool.size).toBe(before - 1);
  });
});
