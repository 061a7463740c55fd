/**
 * A provider that fails as a whole is parked: nothing is sent to it for a while, nothing is deleted, and no
 * other provider waits for it. When the time is over one batch goes through as a probe.
 */
import { type Batch, type OnOutcome, type Outcome, retry, type Transport } from '@tocsin/push';
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
/** While a probe is under way the others come back this soon. */
const PROBE_WAIT_MS = 1_000;

interface Health {
  failures: number;
  retriesInRow: number;
  parking: Parking | null;
  probing: boolean;
}

export interface ParkedTransport extends Transport {
  parkings(): Parking[];
}

export function withParking(transport: Transport, deps: ParkingDeps): ParkedTransport {
  /** Only of providers with something against them: endpoints are users' input, and there is no end to their origins. */
  const health = new Map<string, Health>();
  for (const parking of deps.known) {
    const { provider, failures } = parking;
    health.set(provider, { failures, retriesInRow: 0, parking, probing: false });
  }
  const healthOf = (provider: string) => {
    let known = health.get(provider);
    if (!known) {
      known = { failures: 0, retriesInRow: 0, parking: null, probing: false };
      health.set(provider, known);
    }
    return known;
  };
  const note = (provider: string, outcome: Outcome) => {
    if (outcome.kind === 'retry') worsen(provider, healthOf(provider), outcome, deps);
    else if (health.get(provider)?.failures) deps.onRecovered(provider);
    if (outcome.kind !== 'retry') health.delete(provider);
  };

  return {
    kind: transport.kind,
    checkAddress: (device) => transport.checkAddress(device),
    open: () => transport.open(),
    close: () => transport.close(),
    parkings: () => [...health.values()].flatMap(({ parking }) => (parking ? [parking] : [])),
    async send(batch, onOutcome) {
      const providers = batch.addresses.map((address) => deps.providerOf(address));
      const { open, probes } = admit(batch, providers, health, deps.clock(), onOutcome);
      if (open.length === 0) return;
      try {
        await sendOnly(transport, batch, open, (index, outcome, providerId) => {
          note(providers[index] ?? '', outcome);
          onOutcome(index, outcome, providerId);
        });
      } finally {
        for (const provider of probes) endProbe(health.get(provider));
      }
    },
  };
}

/** Answers what is parked at once; returns the indices that may go out and the providers they probe. */
function admit(
  batch: Batch,
  providers: readonly string[],
  health: ReadonlyMap<string, Health>,
  now: number,
  onOutcome: OnOutcome,
): { open: number[]; probes: Set<string> } {
  const open: number[] = [];
  const probes = new Set<string>();
  for (let index = 0; index < batch.addresses.length; index++) {
    const provider = providers[index] ?? '';
    const known = health.get(provider);
    if (!known?.parking || probes.has(provider)) open.push(index);
    else if (known.parking.parkedUntil > now) {
      onOutcome(index, retry(`parked: ${known.parking.reason}`, known.parking.parkedUntil - now, 'provider'));
    } else if (known.probing) {
      onOutcome(index, retry(`parked: ${known.parking.reason}`, PROBE_WAIT_MS, 'provider'));
    } else {
      known.probing = true;
      probes.add(provider);
      open.push(index);
    }
  }
  return { open, probes };
}

function endProbe(health: Health | undefined): void {
  if (health) health.probing = false;
}

function worsen(
  provider: string,
  health: Health,
  outcome: Extract<Outcome, { kind: 'retry' }>,
  deps: ParkingDeps,
): void {
  health.retriesInRow++;
  const now = deps.clock();
  const failing = outcome.scope === 'provider' || health.retriesInRow >= CONSECUTIVE_RETRIES;
  // One outage answers a whole batch: only the first answer after the parking ended counts as a new failure.
  if (!failing || (health.parking && health.parking.parkedUntil > now)) return;
  health.failures++;
  const backOff = Math.min(LONGEST_PARKING_MS, FIRST_PARKING_MS * 2 ** (health.failures - 1));
  const parkedUntil = now + Math.max(backOff, outcome.scope === 'provider' ? (outcome.afterMs ?? 0) : 0);
  const parkedAt = health.parking?.parkedAt ?? now;
  health.parking = { provider, reason: outcome.reason, failures: health.failures, parkedAt, parkedUntil };
  health.retriesInRow = 0;
  deps.onParked(health.parking);
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
