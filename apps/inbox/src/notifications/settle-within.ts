export class TimedOut extends Error {
  constructor() {
    super('There was no answer in time');
    this.name = 'TimedOut';
  }
}

/**
 * Settles like `work`, or rejects with `TimedOut` after `limitMs`. While `isWaiting()` is true (a person is thinking
 * about a question) the time starts again.
 */
export function settleWithin<T>(work: Promise<T>, limitMs: number, isWaiting: () => boolean): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const expire = () => {
      if (isWaiting()) timer = setTimeout(expire, limitMs);
      else reject(new TimedOut());
    };
    let timer = setTimeout(expire, limitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
