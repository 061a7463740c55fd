import { selfSignedCertificate } from '../../testing/certificate.ts';
import { type FakeSubscription, startFakeWebPushService } from '../../testing/webpush/index.ts';
import { createCoreClient, createNodeClient } from '../http2/index.ts';
import { createAddressGuard } from '../outside/address-guard.ts';
import { runTransportContract } from '../transport.contract.ts';
import type { Transport } from '../transport.ts';
import { createWebPushTransport } from './transport.ts';
import { generateVapidKeys } from './vapid.ts';

const STATUS = { gone: 410, refused: 403, retry: 503 } as const;
const vapid = generateVapidKeys();

/** The suite knows devices by number; a browser has an endpoint and keys, made when it is first mentioned. */
function naming(transport: Transport, subscribe: () => FakeSubscription) {
  const browsers = new Map<string, FakeSubscription>();
  const browser = (name: string) => {
    const known = browsers.get(name) ?? subscribe();
    browsers.set(name, known);
    return known;
  };
  const named: Transport = {
    kind: transport.kind,
    checkAddress: (device) => transport.checkAddress(device),
    open: () => transport.open(),
    close: () => transport.close(),
    send: (batch, onOutcome) => {
      const addresses = batch.addresses.map((name) => browser(name).address);
      const credentials = batch.addresses.map((name) => browser(name).credential);
      return transport.send({ ...batch, addresses, credentials }, onOutcome);
    },
  };
  return { named, addressOf: (name: string) => browser(name).address };
}

for (const [name, http1, createClient] of [
  ['our HTTP/2', false, createCoreClient],
  ['node:http2', false, createNodeClient],
  ['HTTP/1.1', true, createCoreClient],
] as const) {
  runTransportContract({
    name: `Web Push over ${name}`,
    address: (index) => `browser-${index}`,
    async start() {
      const service = await startFakeWebPushService({ http1 });
      const guard = createAddressGuard(['localhost']);
      const { ca } = selfSignedCertificate();
      const config = { kind: 'webpush', vapid, subject: 'mailto:admin@example.org', guard, ca } as const;
      const transport = createWebPushTransport(config, { createClient, clock: Date.now });
      const { named, addressOf } = naming(transport, () => service.subscribe(vapid.publicKey));
      const receivedBy = (device: string) =>
        service.received.filter(({ address }) => address === addressOf(device));
      return {
        transport: named,
        accepted: (device) => receivedBy(device).length,
        identities: (device) => [...new Set(receivedBy(device).map(({ headers }) => headers.topic ?? ''))],
        answer: (device, kind) => service.answerTo(addressOf(device), STATUS[kind]),
        down: () => service.down(),
        up: () => service.up(),
        stop: () => service.close(),
      };
    },
  });
}
