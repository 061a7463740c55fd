import { QueueFull } from './batcher.ts';

/**
 * Runs at most `places` of the given tasks at a time, in the order they came. Throws `QueueFull` when `mostWaiting`
 * wait already.
 */
export function limit(places: number, mostWaiting: number): <T>(task: () => Promise<T>) => Promise<T> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (free > 0) free--;
    else if (waiting.length >= mostWaiting) throw new QueueFull(mostWaiting);
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
