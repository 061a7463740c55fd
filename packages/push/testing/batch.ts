import type { Notification } from '../src/notification.ts';
import type { Outcome } from '../src/outcome.ts';
import type { Batch, Transport } from '../src/transport.ts';

export function sampleNotification(given: Partial<Notification> = {}): Notification {
  return {
    id: 42,
    uuid: '3f2b8c1e-9d4a-4f6b-8a7c-5e1d2c3b4a5f',
    serviceId: 'f848b451-e3c8-497b-a6da-2cb571d9d95e',
    serviceName: 'Vacuum',
    color: '0b6e99',
    title: 'T1',
    subtitle: 'S1',
    body: '',
    url: 'https://example.org/log/1',
    priority: 'normal',
    ttlSeconds: 86_400,
    collapseKey: null,
    actions: [],
    data: {},
    timestamp: 1_790_000_000_000,
    ...given,
  };
}

/** One batch for these addresses; device ids count from 1, badges too, receipt tokens are `r1`, `r2` … */
export function sampleBatch(
  addresses: readonly string[],
  notification: Notification = sampleNotification(),
  app = '',
): Batch {
  return {
    notification,
    app,
    environment: 'production',
    addresses,
    credentials: addresses.map(() => ''),
    deviceIds: addresses.map((_, index) => index + 1),
    badges: addresses.map((_, index) => index + 1),
    receiptTokens: addresses.map((_, index) => `r${index + 1}`),
  };
}

/** Sends and collects; throws when an index is answered twice or never. */
export async function outcomesOf(transport: Transport, batch: Batch): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  await transport.send(batch, (index, outcome) => {
    if (outcomes[index]) throw new Error(`index ${index} was answered twice`);
    outcomes[index] = outcome;
  });
  for (const index of batch.addresses.keys())
    if (!outcomes[index]) throw new Error(`index ${index} was not answered`);
  return outcomes;
}
