import type { Notification } from '../../src/notification.ts';
import type { Batch } from '../../src/transport.ts';
import { sampleBatch, sampleNotification } from '../batch.ts';

/** Says something in every field, beyond ASCII too. */
export const NOTIFICATION = sampleNotification({
  serviceName: 'Cryogenics',
  title: 'Magnet quench',
  subtitle: 'Sector 4–5',
  body: 'Helium pressure “high” 🚨',
  url: 'https://status.example.org/quench',
  priority: 'high',
  ttlSeconds: 3_600,
  actions: [{ id: 'ack', title: 'Acknowledge' }],
  data: { sector: '45' },
});

/** A batch for devices that need a credential; badges and receipt tokens as in `sampleBatch`. */
export function batchFor(
  devices: readonly { readonly address: string; readonly credential?: string }[],
  changes: Partial<Notification> = {},
): Batch {
  const addresses = devices.map(({ address }) => address);
  const credentials = devices.map(({ credential }) => credential ?? '');
  return { ...sampleBatch(addresses, { ...NOTIFICATION, ...changes }, 'tocsin'), credentials };
}
