/** Apple Push Notification service over HTTP/2. */
import type { Transport } from '../transport.ts';
import {
  APNS_ORIGINS,
  type ApnsConfig,
  type ApnsDeps,
  CONNECT_TIMEOUT_MS,
  checkApnsAddress,
  MOST_STREAMS,
  REQUEST_TIMEOUT_MS,
} from './config.ts';
import { createHeaderBuilder } from './headers.ts';
import { ApnsSender } from './sender.ts';
import { createProviderToken } from './token.ts';

/** One transport serves one topic in one environment. Throws `TypeError` when the .p8 key is not one. */
export function createApnsTransport(
  config: ApnsConfig,
  { createClient, clock, tokenShelf }: ApnsDeps,
): Transport {
  const { authentication } = config;
  const token =
    authentication.kind === 'token' ? createProviderToken(authentication, clock, tokenShelf) : null;
  const client = createClient({
    origin: config.url ?? APNS_ORIGINS[config.environment],
    connections: config.connections ?? 2,
    maxStreams: MOST_STREAMS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    pingAfterMs: 60_000,
    ...(config.ca !== undefined && { ca: config.ca }),
    ...(authentication.kind === 'certificate' && { certificate: authentication }),
    firstRequestAlone: authentication.kind === 'token',
  });
  const sender = new ApnsSender({ client, token, headers: createHeaderBuilder(config.topic), clock });
  return {
    kind: 'apns',
    checkAddress: ({ address }) => checkApnsAddress(address),
    open: async () => {
      // Apple being away now is answered by `retry` when something is sent.
      await client.connect().catch(() => undefined);
    },
    send: (batch, onOutcome) => sender.send(batch, onOutcome),
    close: () => client.close(),
  };
}
