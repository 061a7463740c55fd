import { describe, expect, it } from 'vitest';
import { Origins } from './origins.ts';

class Service {
  readonly origin: string;
  isClosed = false;

  constructor(origin: string) {
    this.origin = origin;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

function newOrigins(most: number) {
  const made: Service[] = [];
  const time = { now: 0 };
  const create = (origin: string) => {
    const service = new Service(origin);
    made.push(service);
    return service;
  };
  return { made, time, origins: new Origins(create, most, 1_000, () => time.now) };
}

const nothing = async () => undefined;

describe('open origins', () => {
  it('are made once and used again', async () => {
    const { origins, made } = newOrigins(2);
    await origins.use('a', nothing);
    await origins.use('a', nothing);
    expect(made).toHaveLength(1);
  });

  it('are at most so many: the longest unused is closed', async () => {
    const { origins, made } = newOrigins(2);
    for (const origin of ['a', 'b', 'a', 'c']) await origins.use(origin, nothing);
    expect(made.map(({ origin, isClosed }) => [origin, isClosed])).toEqual([
      ['a', false],
      ['b', true],
      ['c', false],
    ]);
    expect(origins.size).toBe(2);
  });

  it('wait for a place while all are in use, and are never closed in use', async () => {
    const { origins, made } = newOrigins(1);
    let finish: () => void = () => undefined;
    const first = origins.use(
      'a',
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const second = origins.use('b', nothing);
    await Promise.resolve();
    expect(made.map(({ origin }) => origin)).toEqual(['a']);
    expect(made[0]?.isClosed).toBe(false);
    finish();
    await Promise.all([first, second]);
    expect(made.map(({ origin }) => origin)).toEqual(['a', 'b']);
    expect(made[0]?.isClosed).toBe(true);
  });

  it('are closed when nobody used them for long', async () => {
    const { origins, made, time } = newOrigins(9);
    await origins.use('a', nothing);
    time.now = 1_001;
    await origins.use('b', nothing);
    expect(made[0]?.isClosed).toBe(true);
  });

  it('are all closed at the end; who waits is told so', async () => {
    const { origins, made } = newOrigins(1);
    let finish: () => void = () => undefined;
    const first = origins.use(
      'a',
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const second = origins.use('b', nothing);
    await origins.close();
    finish();
    expect(await first).toBe(true);
    expect(await second).toBe(false);
    expect(await origins.use('c', nothing)).toBe(false);
    expect(made.map(({ isClosed }) => isClosed)).toEqual([true]);
    expect(origins.size).toBe(0);
  });
});
