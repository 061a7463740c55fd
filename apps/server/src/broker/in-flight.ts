/** Packet identifiers of what was sent at QoS 1 and not acknowledged, per connection (MQTT 3.1.1 §2.3.1: 1 to 65535). */
import type { Client } from 'aedes';

export interface InFlight {
  /** Gives the message a number; `onAcknowledged` is called at most once. */
  add(client: Client, payload: Buffer, onAcknowledged: () => void): void;
  /** aedes copies a packet on its way to the socket; its payload stays the same object. */
  numberOf(payload: string | Buffer): number | undefined;
  acknowledged(client: Client, messageId: number): void;
}

interface Numbers {
  last: number;
  readonly open: Map<number, () => void>;
}

const HIGHEST = 65_535;

export function createInFlight(): InFlight {
  const numbers = new WeakMap<Client, Numbers>();
  const assigned = new WeakMap<Buffer, number>();
  return {
    add(client, payload, onAcknowledged) {
      const known = numbers.get(client) ?? { last: 0, open: new Map() };
      numbers.set(client, known);
      do known.last = (known.last % HIGHEST) + 1;
      while (known.open.has(known.last));
      known.open.set(known.last, onAcknowledged);
      assigned.set(payload, known.last);
    },
    numberOf: (payload) => (typeof payload === 'string' ? undefined : assigned.get(payload)),
    acknowledged(client, messageId) {
      const open = numbers.get(client)?.open;
      const onAcknowledged = open?.get(messageId);
      open?.delete(messageId);
      onAcknowledged?.();
    },
  };
}
