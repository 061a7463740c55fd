/**
 * A provider that fails as a whole is parked: nothing is sent to it for a while, nothing is deleted, and no
 * other provider waits for it. When the time is over one batch goes through as a probe.
 */
import type { Batch, OnOutcome, Outcome, Transport } from '@tocsin/push';
import type { Clock } from '../lib/clock.ts';

export interface Parking {
  readonly provider: string;
  readonly reason: string;
  readonly failures: number;
  readonly parkedAt: number;
  readonly parkedUntil: number;
}

export interface ParkingDeps {
  readonly clock: Clock;
  /** The unit that fails together: the provider, or for Web Push the endpoint's origin. */
  readonly providerOf: (address: string) => string;
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

type Retry = Extract<Outcome, { kind: 'retry' }>;

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

export interface ParkedTransport extends Transport {
  parkings(): Parking[];
}

export function withParking(transport: Transport, deps: ParkingDeps): ParkedTransport {
  const watch = new HealthWatch(deps);
  return {
    kind: transport.kind,
    checkAddress: (device) => transport.checkAddress(device),
    open: () => transport.open(),
    close: () => transport.close(),
    parkings: () => watch.parkings(),
    async send(batch, onOutcome) {
      const providers = batch.addresses.map((address) => deps.providerOf(address));
      const open = admit(watch, batch, providers, onOutcome);
      if (open.length === 0) return;
      const asked = new Set(open.map((index) => providers[index] ?? ''));
      watch.begin(asked);
      try {
        await sendOnly(transport, batch, open, (index, outcome, providerId) => {
          const provider = providers[index] ?? '';
          if (!watch.suspects(provider) || outcome.kind !== 'refused' || !isOurs(transport, batch, index)) {
            watch.note(provider, outcome);
          }
          onOutcome(index, outcome, providerId);
        });
      } finally {
        watch.end(asked);
      }
    },
  };
}

/** An address that cannot be sent to was refused by ourselves: that says nothing about the provider. */
function isOurs(transport: Transport, { addresses, credentials }: Batch, index: number): boolean {
  const device = { address: addresses[index] ?? '', credential: credentials[index] ?? '' };
  return transport.checkAddress(device) !== null;
}

/** Answers what is parked at once; returns the indices that may go out. */
function admit(
  watch: HealthWatch,
  batch: Batch,
  providers: readonly string[],
  onOutcome: OnOutcome,
): number[] {
  const open: number[] = [];
  const decided = new Map<string, Retry | null>();
  for (let index = 0; index < batch.addresses.length; index++) {
    const provider = providers[index] ?? '';
    let answer = decided.get(provider);
    if (answer === undefined) {
      answer = watch.wait(provider);
      decided.set(provider, answer);
    }
    if (answer) onOutcome(index, answer);
    else open.push(index);
  }
  return open;
}

class HealthWatch {
  private readonly deps: ParkingDeps;
  /** Only of providers with something against them: endpoints are users' input, and there is no end to their origins. */
  private readonly health = new Map<string, Health>();
  private readonly waiting = new Map<string, Waiting>();

  constructor(deps: ParkingDeps) {
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

/** The whole batch as it is in the healthy case; a copy without the parked ones otherwise. */
function sendOnly(
  transport: Transport,
  batch: Batch,
  open: readonly number[],
  onOutcome: OnOutcome,
): Promise<void> {
  if (open.length === batch.addresses.length) return transport.send(batch, onOutcome);
  const part: Batch = {
    notification: batch.notification,
    app: batch.app,
    addresses: open.map((index) => batch.addresses[index] ?? ''),
    credentials: open.map((index) => batch.credentials[index] ?? ''),
    deviceIds: open.map((index) => batch.deviceIds[index] ?? 0),
    badges: open.map((index) => batch.badges[index] ?? -1),
    receiptTokens: open.map((index) => batch.receiptTokens[index] ?? ''),
  };
  return transport.send(part, (index, outcome, providerId) =>
    onOutcome(open[index] ?? -1, outcome, providerId),
  );
}
