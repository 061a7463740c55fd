/** Which transport reaches which device. */
import type { DeviceKind, Transport } from '@tocsin/push';
import type { Parking } from './health.ts';
import type { ParkedTransport } from './parking.ts';

export interface TransportEntry {
  readonly kind: DeviceKind;
  /** '' serves every environment the other entries of the kind do not. */
  readonly environment: string;
  readonly transport: Transport | ParkedTransport;
}

export interface TransportRegistry {
  /** Null when the server is not set up for that kind of device. */
  find(kind: DeviceKind, environment: string): Transport | null;
  parkings(): Parking[];
  /** Takes these entries instead of those of the kinds; closes the former ones once what they send is done. */
  replace(kinds: readonly DeviceKind[], entries: readonly TransportEntry[]): Promise<void>;
  open(): Promise<void>;
  close(): Promise<void>;
}

export function createRegistry(entries: readonly TransportEntry[]): TransportRegistry {
  let current = entries;
  let isOpen = false;
  let byKey = mapped(current);
  const all = () => transportsOf(current);
  return {
    find: (kind, environment) => byKey.get(`${kind}/${environment}`) ?? byKey.get(`${kind}/`) ?? null,
    parkings: () => all().flatMap((transport) => ('parkings' in transport ? transport.parkings() : [])),
    async replace(kinds, fresh) {
      const former = current.filter(({ kind }) => kinds.includes(kind));
      if (isOpen) await Promise.all(transportsOf(fresh).map((transport) => transport.open()));
      current = [...current.filter(({ kind }) => !kinds.includes(kind)), ...fresh];
      byKey = mapped(current);
      await Promise.all(transportsOf(former).map((transport) => transport.close()));
    },
    async open() {
      isOpen = true;
      await Promise.all(all().map((transport) => transport.open()));
    },
    async close() {
      isOpen = false;
      await Promise.all(all().map((transport) => transport.close()));
    },
  };
}

const mapped = (entries: readonly TransportEntry[]) =>
  new Map(entries.map((entry) => [`${entry.kind}/${entry.environment}`, entry.transport]));
const transportsOf = (entries: readonly TransportEntry[]) => [
  ...new Set(entries.map(({ transport }) => transport)),
];
