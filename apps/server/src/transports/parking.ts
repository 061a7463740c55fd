/**
 * A provider that fails as a whole is parked: nothing is sent to it for a while, nothing is deleted, and no
 * other provider waits for it. When the time is over one batch goes through as a probe.
 */
import { type Batch, type OnOutcome, partOf, type Transport } from '@tocsin/push';
import { type HealthDeps, HealthWatch, type Parking, type Retry } from './health.ts';

export interface ParkingDeps extends HealthDeps {
  /** The unit that fails together: the provider, or for Web Push the endpoint's origin. */
  readonly providerOf: (address: string) => string;
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
        await transport.send(partOf(batch, open), (position, outcome, providerId) => {
          const index = open[position] ?? -1;
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
