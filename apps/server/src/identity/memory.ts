/**
 * What a node remembers of people, keys and services holds until the database says that something changed. It is asked
 * at most twice a second, whatever the load; and at once when somebody says `forget`.
 */
import type { Clock } from '../lib/clock.ts';
import { accessVersion } from '../store/access-change.ts';
import type { Queryable } from '../store/database.ts';

export interface Memory {
  /** Resolves when what is remembered may be believed. Rejects when the database is away. */
  confirm(): Promise<void>;
  /** True when `confirm` would not have to ask. */
  isFresh(): boolean;
  forget(): void;
  /** A map that empties itself when something changed. */
  shelf<Value>(most: number): Shelf<Value>;
}

export interface Shelf<Value> {
  get(name: string): Value | undefined;
  /** `since` is what `age()` said before the value was looked up: what is older than a change is not kept. */
  keep(name: string, value: Value, since: number): void;
  age(): number;
}

/** A change counts on every node within this time, also when nobody was told. */
const BELIEVE_MS = 500;

export function createMemory(database: Queryable, clock: Clock): Memory {
  let age = 0;
  let version: string | null = null;
  let confirmedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | null = null;

  const ask = async () => {
    const askedAt = clock();
    const found = await accessVersion(database);
    if (found !== version) age++;
    version = found;
    confirmedAt = askedAt;
  };
  // A clock that was set back must not keep a login alive.
  const isFresh = () => clock() >= confirmedAt && clock() - confirmedAt < BELIEVE_MS;
  return {
    isFresh,
    async confirm() {
      if (isFresh()) return;
      asking ??= ask().finally(() => {
        asking = null;
      });
      await asking;
    },
    forget() {
      age++;
    },
    shelf: (most) => createShelf(most, () => age),
  };
}

function createShelf<Value>(most: number, age: () => number): Shelf<Value> {
  const values = new Map<string, Value>();
  let keptAt = age();
  const empty = () => {
    if (keptAt === age()) return;
    values.clear();
    keptAt = age();
  };
  return {
    age,
    get(name) {
      empty();
      return values.get(name);
    },
    keep(name, value, since) {
      empty();
      if (since !== keptAt) return;
      if (values.size >= most) values.clear();
      values.set(name, value);
    },
  };
}
