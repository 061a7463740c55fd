import { ACCEPTED, type Batch, type DeviceKind, type Notification, type Outcome } from '@tocsin/push';
import type { ParkedTransport } from '../src/transports/parking.ts';

export interface Sent {
  readonly address: string;
  readonly deviceId: number;
  readonly notification: Notification;
  readonly badge: number;
  readonly receiptToken: string;
}

/** A transport that is told what to answer and remembers what it was given; for tests of the rooms above it. */
export function scriptedTransport(
  kind: DeviceKind,
  answer: (sent: Sent) => Outcome | Promise<Outcome> = () => ACCEPTED,
) {
  const sent: Sent[] = [];
  const transport: ParkedTransport = {
    kind,
    checkAddress: () => null,
    open: () => Promise.resolve(),
    close: () => Promise.resolve(),
    parkings: () => [],
    async send(batch: Batch, onOutcome) {
      await Promise.all(
        batch.addresses.map(async (address, index) => {
          const one: Sent = {
            address,
            deviceId: batch.deviceIds[index] ?? 0,
            notification: batch.notification,
            badge: batch.badges[index] ?? -1,
            receiptToken: batch.receiptTokens[index] ?? '',
          };
          sent.push(one);
          onOutcome(index, await answer(one));
        }),
      );
    },
  };
  return { transport, sent };
}
