/**
 * How many requests of one subject a minute takes, for all nodes together. A request never waits for the others: each
 * node counts by itself, and several times a second they exchange what they counted.
 *
 * A minute slides: of the last whole one as much counts as still lies within 60 s, as if it had come evenly. What is
 * refused does not count. In a minute of the clock the nodes together take at most the limit, a tenth of it for each
 * further node (so much a node keeps to itself, which spares the database all ordinary clients), and what comes to the
 * others between two exchanges, from each at most the limit. Across two minutes a burst at the end of the first counts
 * less and less in the second: 60 s that begin with it may see up to twice as much. Who stays below is never refused.
 */
import type { Clock } from './clock.ts';

export type RateKind = 'address' | 'user' | 'key';

/** What one node counted of a subject since the last exchange. */
export interface Share {
  readonly minute: number;
  readonly subject: string;
  readonly delta: number;
}

/** What all nodes counted of a subject, in the minute of its share and in the one before. */
export interface Exchanged {
  readonly count: number;
  readonly previous: number;
}

export interface RatesOptions {
  /** Requests per minute; 0: as many as they like. */
  readonly limits: Readonly<Record<RateKind, number>>;
  readonly clock: Clock;
  /** Answers in the order of `shares`. */
  readonly exchange: (shares: readonly Share[]) => Promise<readonly Exchanged[]>;
  /** The first failure of a row: until one succeeds again every node counts for itself. */
  readonly onError: (error: Error) => void;
  /** Of each kind; tests hold less. */
  readonly mostSubjects?: number;
}

export interface Rates {
  readonly limits: RatesOptions['limits'];
  /** Counts one request. 0: it may go on; else the seconds after which the next may, at most 121. */
  take(kind: RateKind, id: string): number;
  /** Exchanges now. */
  exchange(): Promise<void>;
  /** Subjects that are kept in mind. */
  readonly size: number;
  stop(): Promise<void>;
}

interface Counter {
  readonly subject: string;
  readonly limit: number;
  minute: number;
  /** Of all nodes, as far as known. */
  count: number;
  previous: number;
  /** Of `count`: not told to the others yet. */
  unsent: number;
  /** The same of the minute before. */
  late: number;
  isTouched: boolean;
}

const MINUTE_MS = 60_000;
const EXCHANGE_MS = 250;
const MOST_SUBJECTS = 100_000;
const MOST_SHARES = 5_000;
/** Of the limit: what a node keeps to itself. */
const KEPT_TO_ITSELF = 0.1;

export function createRates(options: RatesOptions): Rates {
  const { limits, clock } = options;
  const counters = createCounters(options.mostSubjects ?? MOST_SUBJECTS, limits);
  const touched: Counter[] = [];
  let timer: NodeJS.Timeout | null = null;
  let isBroken = false;

  const exchange = async () => {
    const batch = touched.splice(0, MOST_SHARES);
    for (const counter of batch) counter.isTouched = false;
    const sent = batch.flatMap(sharesOf);
    if (sent.length === 0) return;
    try {
      const all = await options.exchange(sent.map(({ share }) => share));
      for (const [index, one] of sent.entries()) settle(one, all[index]);
      isBroken = false;
    } catch (error) {
      if (!isBroken) options.onError(error as Error);
      isBroken = true;
    }
  };
  const exchangeSoon = () => {
    timer = setTimeout(async () => {
      await exchange();
      timer = null;
      if (touched.length > 0) exchangeSoon();
    }, EXCHANGE_MS).unref();
  };
  const touch = (counter: Counter) => {
    if (counter.isTouched || counter.count < counter.limit * KEPT_TO_ITSELF) return;
    if (touched.length >= MOST_SUBJECTS) return;
    counter.isTouched = true;
    touched.push(counter);
    if (timer === null) exchangeSoon();
  };
  return {
    limits,
    take(kind, id) {
      if (limits[kind] === 0) return 0;
      const now = clock();
      const minute = Math.floor(now / MINUTE_MS);
      const counter = counters.get(kind, id, minute);
      if (counter.minute !== minute) turn(counter, minute);
      const wait = waitOf(counter, now - minute * MINUTE_MS);
      if (wait === 0) {
        counter.count++;
        counter.unsent++;
      }
      touch(counter);
      return wait;
    },
    exchange,
    get size() {
      return counters.size();
    },
    async stop() {
      if (timer) clearTimeout(timer);
      await exchange();
    },
  };
}

/** ms of its minute have passed; 0 or the seconds to wait. */
function waitOf({ count, previous, limit }: Counter, passedMs: number): number {
  const left = 1 - passedMs / MINUTE_MS;
  if (count + previous * left < limit) return 0;
  // Until so much of the minute before, or of this one in the next, lies back that one more is within the limit.
  const ms =
    count < limit ? MINUTE_MS * (left - (limit - count) / previous) : MINUTE_MS * (left + 1 - limit / count);
  return Math.floor(ms / 1_000) + 1;
}

/** A clock set back by a minute or more starts everybody anew, so that nobody waits for a time that was wrong. */
function turn(counter: Counter, minute: number): void {
  const isNext = minute === counter.minute + 1;
  counter.previous = isNext ? counter.count : 0;
  counter.late = isNext ? counter.unsent : 0;
  counter.count = 0;
  counter.unsent = 0;
  counter.minute = minute;
}

interface Sent {
  readonly counter: Counter;
  readonly share: Share;
}

function sharesOf(counter: Counter): Sent[] {
  const { subject, minute, unsent, late } = counter;
  const own = { counter, share: { minute, subject, delta: unsent } };
  return late > 0 ? [{ counter, share: { minute: minute - 1, subject, delta: late } }, own] : [own];
}

/** What was counted meanwhile is not in the answer. */
function settle({ counter, share }: Sent, all: Exchanged | undefined): void {
  if (!all) return;
  if (share.minute === counter.minute) {
    counter.unsent -= share.delta;
    counter.count = all.count + counter.unsent;
    counter.previous = Math.max(all.previous, counter.previous);
  } else if (share.minute === counter.minute - 1) {
    counter.late -= share.delta;
    counter.previous = all.count + counter.late;
  }
}

/** Two generations per kind: when the young one is full the old one is forgotten, so a flood of subjects takes no more. */
function createCounters(mostSubjects: number, limits: RatesOptions['limits']) {
  const mostYoung = Math.max(1, Math.floor(mostSubjects / 2));
  const generations = () => ({ young: new Map<string, Counter>(), old: new Map<string, Counter>() });
  const kinds = { address: generations(), user: generations(), key: generations() };
  return {
    get(kind: RateKind, id: string, minute: number): Counter {
      const kept = kinds[kind];
      const young = kept.young.get(id);
      if (young) return young;
      const counter = kept.old.get(id) ?? newCounter(`${kind} ${id}`, limits[kind], minute);
      if (kept.young.size >= mostYoung) {
        kept.old = kept.young;
        kept.young = new Map();
      }
      kept.young.set(id, counter);
      return counter;
    },
    size: () =>
      Object.values(kinds).reduce(
        (sum, { young, old }) => sum + new Set([...young.keys(), ...old.keys()]).size,
        0,
      ),
  };
}

function newCounter(subject: string, limit: number, minute: number): Counter {
  return { subject, limit, minute, count: 0, previous: 0, unsent: 0, late: 0, isTouched: false };
}
