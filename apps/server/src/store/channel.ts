/**
 * Tells the other nodes that there is something to look at. Debounced and outside every write transaction:
 * NOTIFY takes a global lock at commit. A lost message costs at most one polling interval.
 */
import type { Database } from './database.ts';

const CHANNEL = 'tocsin_wake';
const DEBOUNCE_MS = 20;

export type Topic = 'work' | 'inbox' | 'mqtt' | 'access' | 'providers';
const TOPICS: readonly Topic[] = ['work', 'inbox', 'mqtt', 'access', 'providers'];

export interface WakeChannel {
  /** Wakes the listeners here at once and those of other nodes shortly after. */
  wake(topic: Topic): void;
  on(topic: Topic, listener: () => void): () => void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createWakeChannel(
  database: Database,
  node: string,
  onError: (error: Error) => void,
): WakeChannel {
  const listeners = new Map<Topic, Set<() => void>>(TOPICS.map((topic) => [topic, new Set()]));
  const due = new Set<Topic>();
  let timer: NodeJS.Timeout | null = null;
  let stopListening: (() => Promise<void>) | null = null;

  const tell = (topic: Topic) => {
    for (const listener of listeners.get(topic) ?? []) listener();
  };
  const publish = () => {
    timer = null;
    const payload = `${node} ${[...due].join(',')}`;
    due.clear();
    database.query('select pg_notify($1, $2)', [CHANNEL, payload], 'wake').catch(onError);
  };
  const hear = (payload: string) => {
    const [from = '', topics = ''] = payload.split(' ');
    if (from === node && payload !== '') return;
    // An empty payload follows a reconnect: anything may have been missed.
    const heard = payload === '' ? TOPICS : TOPICS.filter((topic) => topics.split(',').includes(topic));
    for (const topic of heard) tell(topic);
  };
  return {
    wake(topic) {
      tell(topic);
      due.add(topic);
      timer ??= setTimeout(publish, DEBOUNCE_MS);
    },
    on(topic, listener) {
      listeners.get(topic)?.add(listener);
      return () => listeners.get(topic)?.delete(listener);
    },
    async start() {
      stopListening = await database.listen(CHANNEL, hear);
    },
    async stop() {
      if (timer) clearTimeout(timer);
      await stopListening?.();
    },
  };
}
