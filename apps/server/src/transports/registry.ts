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
  open(): Promise<void>;
  close(): Promise<void>;
}

export function createRegistry(entries: readonly TransportEntry[]): TransportRegistry {
  const byKey = new Map(entries.map((entry) => [`${entry.kind}/${entry.environment}`, entry.transport]));
  const transports = [...new Set(entries.map((entry) => entry.transport))];
  return {
    find: (kind, environment) => byKey.get(`${kind}/${environment}`) ?? byKey.get(`${kind}/`) ?? null,
    parkings: () => transports.flatMap((transport) => ('parkings' in transport ? transport.parkings() : [])),
    open: async () => {
      await Promise.all(transports.map((transport) => transport.open()));
    },
    close: async () => {
      await Promise.all(transports.map((transport) => transport.close()));
    },
  };
}
