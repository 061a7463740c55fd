/** How the providers of one transport fare: which are parked, until when, and whether they answer. */
import type { Outcome } from '@tocsin/push';
import type { Clock } from '../lib/clock.ts';

export interface Parking {
  readonly provider: string;
  readonly reason: string;
  readonly failures: number;
  readonly parkedAt: number;
  readonly parkedUntil: number;
}

export interface HealthDeps {
  readonly clock: Clock;
  /** Parked by an earlier process or another node: each is probed before it is trusted again. */
  readonly known: readonly Parking[];
  readonly onParked: (parking: Parking) => void;
  readonly onRecovered: (provider: string) => void;
}

const FIRST_PARKING_MS = 1_000;
const LONGEST_PARKING_MS = 60_000;
/** So many answers "again, later" in a row, without one success, mean the provider and not the devices. */
const CONSECUTIVE_RETRIES = 50;
/** Requests on their way and not one answer for so long: newcomers need not wait for a time-out each. */
const SILENCE_MS = 3_000;
/** While a probe is under way the others come back this soon, and later the longer it takes. */
const SHORTEST_PROBE_WAIT_MS = 1_000;
const LONGEST_PROBE_WAIT_MS = 10_000;

export type Retry = Extract<Outcome, { kind: 'retry' }>;

interface Health {
  failures: number;
  retriesInRow: number;
  parking: Parking | null;
}

/** What is on its way to a provider. */
interface Waiting {
  batches: number;
  /** When it last answered, or when the first of these batches began; ms. */
  since: number;
}

export class HealthWatch {
  private readonly deps: HealthDeps;
  /** Only of providers with something against them: endpoints are users' input, and there is no end to their origins. */
  private readonly health = new Map<string, Health>();
  private readonly waiting = new Map<string, Waiting>();

  constructor(deps: HealthDeps) {
    this.deps = deps;
    for (const parking of deps.known) {
      this.health.set(parking.provider, { failures: parking.failures, retriesInRow: 0, parking });
    }
  }

  parkings(): Parking[] {
    return [...this.health.values()].flatMap(({ parking }) => (parking ? [parking] : []));
  }

  suspects(provider: string): boolean {
    return this.health.has(provider);
  }

  begin(providers: ReadonlySet<string>): void {
    for (const provider of providers) {
      const waiting = this.waiting.get(provider);
      if (waiting) waiting.batches++;
      else this.waiting.set(provider, { batches: 1, since: this.deps.clock() });
    }
  }

  end(providers: ReadonlySet<string>): void {
    for (const provider of providers) {
      const waiting = this.waiting.get(provider);
      if (waiting && --waiting.batches === 0) this.waiting.delete(provider);
    }
  }

  /** What a batch for this provider is answered instead of being sent; null lets it through, also as a probe. */
  wait(provider: string): Retry | null {
    const now = this.deps.clock();
    const waiting = this.waiting.get(provider);
    const silence = waiting ? now - waiting.since : 0;
    if (silence >= SILENCE_MS && !this.health.get(provider)?.parking) {
      this.park(provider, this.healthOf(provider), `no answer for ${SILENCE_MS} ms`, 0);
    }
    const parking = this.health.get(provider)?.parking;
    if (!parking) return null;
    const reason = `parked: ${parking.reason}`;
    if (parking.parkedUntil > now) return wait(reason, parking.parkedUntil - now);
    // What is on its way tells whether it is back; everybody else would only wait along.
    if (!waiting) return null;
    return wait(reason, Math.min(LONGEST_PROBE_WAIT_MS, Math.max(SHORTEST_PROBE_WAIT_MS, silence)));
  }

  note(provider: string, outcome: Outcome): void {
    const waiting = this.waiting.get(provider);
    if (waiting) waiting.since = this.deps.clock();
    if (outcome.kind === 'retry') {
      this.worsen(provider, this.healthOf(provider), outcome);
      return;
    }
    if (this.health.get(provider)?.parking) this.deps.onRecovered(provider);
    this.health.delete(provider);
  }

  private healthOf(provider: string): Health {
    let known = this.health.get(provider);
    if (!known) {
      known = { failures: 0, retriesInRow: 0, parking: null };
      this.health.set(provider, known);
    }
    return known;
  }

  private worsen(provider: string, health: Health, outcome: Retry): void {
    health.retriesInRow++;
    const failing = outcome.scope === 'provider' || health.retriesInRow >= CONSECUTIVE_RETRIES;
    // One outage answers a whole batch: only the first answer after the parking ended counts as a new failure.
    if (!failing || (health.parking && health.parking.parkedUntil > this.deps.clock())) return;
    this.park(provider, health, outcome.reason, outcome.afterMs ?? 0);
  }

  private park(provider: string, health: Health, reason: string, atLeastMs: number): void {
    const now = this.deps.clock();
    health.failures++;
    health.retriesInRow = 0;
    const backOff = Math.min(LONGEST_PARKING_MS, FIRST_PARKING_MS * 2 ** (health.failures - 1));
    const parkedUntil = now + Math.max(backOff, atLeastMs);
    const parkedAt = health.parking?.parkedAt ?? now;
    health.parking = { provider, reason, failures: health.failures, parkedAt, parkedUntil };
    this.deps.onParked(health.parking);
  }
}

function wait(reason: string, ms: number): Retry {
  return { kind: 'retry', reason, afterMs: ms, scope: 'provider' };
}
