import { createHash } from 'node:crypto';
import { startFakeApns } from '../../testing/apns/index.ts';
import { createCoreClient, createNodeClient } from '../http2/index.ts';
import { runTransportContract } from '../transport.contract.ts';
import { createApnsTransport } from './transport.ts';

const ANSWERS = {
  gone: { status: 410, reason: 'Unregistered', timestamp: 1_790_000_000_000 },
  refused: { status: 400, reason: 'DeviceTokenNotForTopic' },
  retry: { status: 503, reason: 'ServiceUnavailable' },
} as const;

for (const [name, createClient] of [
  ['our HTTP/2', createCoreClient],
  ['node:http2', createNodeClient],
] as const) {
  runTransportContract({
    name: `APNs over ${name}`,
    address: (index) => createHash('sha256').update(String(index)).digest('hex'),
    async start() {
      const fake = await startFakeApns();
      const { p8, keyId, teamId, topic, url, ca } = fake;
      const answers = new Map<string, (typeof ANSWERS)[keyof typeof ANSWERS]>();
      fake.refuse((address) => answers.get(address) ?? null);
      const transport = createApnsTransport(
        { authentication: { kind: 'token', p8, keyId, teamId }, topic, environment: 'sandbox', url, ca },
        // Nobody waits seconds for a provider that is switched off.
        { createClient: (options) => createClient({ ...options, connectTimeoutMs: 500 }), clock: Date.now },
      );
      return {
        transport,
        accepted: (address) => fake.accepted.get(address) ?? 0,
        identities: (address) => [...(fake.collapseIds.get(address) ?? [])],
        arrivals: (address) =>
          fake.received
            .filter(({ token }) => token === address)
            .map(({ payload }) => ({
              badge: payload.aps.badge as number,
              receiptToken: payload.receipt as string,
            })),
        stall: () => fake.stall(true),
        answer: (address, kind) => answers.set(address, ANSWERS[kind]),
        down: () => fake.down(),
        up: () => fake.up(),
        stop: () => fake.close(),
      };
    },
  });
}
