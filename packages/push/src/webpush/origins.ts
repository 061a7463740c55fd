import type { Clock } from '../clock.ts';

interface Closable {
  close(): Promise<void>;
}

interface Entry<Service> {
  readonly service: Service;
  users: number;
  usedAt: number;
}

/**
 * One service per origin, made on first use. At most `most` are open: endpoints are users' input, and everybody
 * may name another host. Those unused for `idleMs` are closed when another is asked for.
 */
export class Origins<Service extends Closable> {
  private readonly create: (origin: string) => Service;
  private readonly most: number;
  private readonly idleMs: number;
  private readonly clock: Clock;
  /** In the order of last use. */
  private readonly entries = new Map<string, Entry<Service>>();
  private readonly waiters: (() => void)[] = [];
  private readonly closing = new Set<Promise<void>>();
  private closed = false;

  constructor(create: (origin: string) => Service, most: number, idleMs: number, clock: Clock) {
    this.create = create;
    this.most = most;
    this.idleMs = idleMs;
    this.clock = clock;
  }

  get size(): number {
    return this.entries.size;
  }

  /**
   * Runs `work` with the origin's service, which stays open meanwhile. Waits while all places are in use.
   * Resolves to false when everything was closed instead.
   */
  async use(origin: string, work: (service: Service) => Promise<void>): Promise<boolean> {
    this.closeIdle();
    while (!this.closed && !this.entries.has(origin) && !this.makePlace()) {
      await new Promise<void>((resolve) => this.waiters.push(resolve));
    }
    if (this.closed) return false;
    const entry = this.entries.get(origin) ?? { service: this.create(origin), users: 0, usedAt: 0 };
    entry.users++;
    this.touch(origin, entry);
    try {
      await work(entry.service);
      return true;
    } finally {
      entry.users--;
      if (this.entries.get(origin) === entry) this.touch(origin, entry);
      if (entry.users === 0) this.wakeAll();
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.wakeAll();
    for (const origin of [...this.entries.keys()]) this.drop(origin);
    await Promise.all(this.closing);
  }

  private touch(origin: string, entry: Entry<Service>): void {
    entry.usedAt = this.clock();
    this.entries.delete(origin);
    this.entries.set(origin, entry);
  }

  private wakeAll(): void {
    for (const wake of this.waiters.splice(0)) wake();
  }

  private makePlace(): boolean {
    if (this.entries.size < this.most) return true;
    for (const [origin, { users }] of this.entries) {
      if (users > 0) continue;
      this.drop(origin);
      return true;
    }
    return false;
  }

  private closeIdle(): void {
    const before = this.clock() - this.idleMs;
    for (const [origin, { users, usedAt }] of this.entries) {
      if (users === 0 && usedAt < before) this.drop(origin);
    }
  }

  private drop(origin: string): void {
    const entry = this.entries.get(origin);
    if (entry === undefined) return;
    this.entries.delete(origin);
    const closing = entry.service.close().finally(() => this.closing.delete(closing));
    this.closing.add(closing);
  }
}
