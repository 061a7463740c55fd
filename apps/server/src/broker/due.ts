/** Things to look at: what is marked together is looked at together, one look at a time; a failed look is repeated. */
export interface DueOptions<Item> {
  readonly mostAtOnce: number;
  readonly look: (items: readonly Item[]) => Promise<void>;
  readonly onError: (error: Error) => void;
}

export interface Due<Item> {
  mark(item: Item): void;
  /** Resolves when nothing is left to look at, or when it was stopped. */
  idle(): Promise<void>;
  /** Resolves when the look under way has ended; starts no other. */
  stop(): Promise<void>;
}

const RETRY_MS = 1_000;

export function createDue<Item>(options: DueOptions<Item>): Due<Item> {
  const waiting = new Set<Item>();
  let running: Promise<void> | null = null;
  let retry: NodeJS.Timeout | null = null;
  let stopped = false;
  let idlers: (() => void)[] = [];

  const tellIdle = () => {
    for (const idler of idlers) idler();
    idlers = [];
  };
  const run = async () => {
    // A turn of the loop later, so that everything marked in this one goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.size > 0 && !stopped && !retry) {
      const batch = [...waiting].slice(0, options.mostAtOnce);
      for (const item of batch) waiting.delete(item);
      await options.look(batch).catch((error: Error) => {
        options.onError(error);
        for (const item of batch) waiting.add(item);
        retry = setTimeout(resume, RETRY_MS);
      });
    }
    running = null;
    if (waiting.size === 0) tellIdle();
  };
  const start = () => {
    if (!retry && !stopped) running ??= run();
  };
  const resume = () => {
    retry = null;
    start();
  };
  return {
    mark(item) {
      waiting.add(item);
      start();
    },
    idle: () =>
      stopped || (waiting.size === 0 && !running)
        ? Promise.resolve()
        : new Promise((done) => idlers.push(done)),
    async stop() {
      stopped = true;
      if (retry) clearTimeout(retry);
      await running;
      tellIdle();
    },
  };
}
