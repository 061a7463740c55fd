import { type FcmRefusal, startFakeFcm } from '../../testing/fcm/index.ts';
import { createCoreClient, createNodeClient } from '../http2/index.ts';
import { runTransportContract } from '../transport.contract.ts';
import { createFcmTransport } from './transport.ts';

const ANSWERS = {
  gone: { status: 404, errorCode: 'UNREGISTERED', word: 'NOT_FOUND' },
  refused: { status: 400, errorCode: 'INVALID_ARGUMENT', word: 'INVALID_ARGUMENT', fields: ['message.data'] },
  retry: { status: 503, errorCode: 'UNAVAILABLE', word: 'UNAVAILABLE' },
} as const;

for (const [name, createClient] of [
  ['our HTTP/2', createCoreClient],
  ['node:http2', createNodeClient],
] as const) {
  runTransportContract({
    name: `FCM over ${name}`,
    address: (index) => `cWxY_${index}:APA91b${'x'.repeat(120)}`,
    async start() {
      const fake = await startFakeFcm();
      const answers = new Map<string, FcmRefusal>();
      fake.refuse((address) => answers.get(address) ?? null);
      const transport = createFcmTransport(
        { account: fake.serviceAccount, url: fake.url, ca: fake.ca },
        // Nobody waits seconds for a provider that is switched off.
        { createClient: (options) => createClient({ ...options, connectTimeoutMs: 500 }), clock: Date.now },
      );
      return {
        transport,
        accepted: (address) => fake.accepted.get(address) ?? 0,
        identities: (address) => [...(fake.tags.get(address) ?? [])],
        arrivals: (address) =>
          fake.received
            .filter(({ token }) => token === address)
            .map(({ data }) => ({ badge: null, receiptToken: data?.receipt ?? '' })),
        stall: () => fake.stall(true),
        answer: (address, kind) => answers.set(address, ANSWERS[kind]),
        down: () => fake.down(),
        up: () => fake.up(),
        stop: () => fake.close(),
      };
    },
  });
}
