/** Apple Push Notification service over HTTP/2. */
import type { Transport } from '../transport.ts';
import {
  APNS_ORIGINS,
  type ApnsConfig,
  type ApnsDeps,
  type ApnsEnvironment,
  type ApnsPairConfig,
  CONNECT_TIMEOUT_MS,
  checkApnsAddress,
  MOST_STREAMS,
  REQUEST_TIMEOUT_MS,
} from './config.ts';
import { createHeaderBuilder } from './headers.ts';
import { ApnsSender } from './sender.ts';
import { createProviderToken, type ProviderToken } from './token.ts';

/** One transport serves one topic in one environment. Throws `TypeError` when the .p8 key is not one. */
export function createApnsTransport(config: ApnsConfig, deps: ApnsDeps): Transport {
  return build(config, deps, tokenOf(config, deps));
}

/** Both environments of a topic with one provider token. Throws `TypeError` when the .p8 key is not one. */
export function createApnsTransports(
  config: ApnsPairConfig,
  deps: ApnsDeps,
): Record<ApnsEnvironment, Transport> {
  const token = tokenOf(config, deps);
  const transportOf = (environment: ApnsEnvironment) => {
    const url = config.urls?.[environment];
    const transport = build({ ...config, environment, ...(url !== undefined && { url }) }, deps, token);
    // Most servers never send to the other one.
    return environment === config.primary ? transport : { ...transport, open: () => Promise.resolve() };
  };
  return { production: transportOf('production'), sandbox: transportOf('sandbox') };
}

/** A team's tokens are counted over all its connections: they share one (pushy 811). */
function tokenOf(
  { authentication }: Pick<ApnsConfig, 'authentication'>,
  { clock, tokenShelf }: ApnsDeps,
): ProviderToken | null {
  return authentication.kind === 'token' ? createProviderToken(authentication, clock, tokenShelf) : null;
}

function build(
  config: ApnsConfig,
  { createClient, clock }: ApnsDeps,
  token: ProviderToken | null,
): Transport {
  const { authentication } = config;
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
