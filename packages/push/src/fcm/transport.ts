/** Firebase Cloud Messaging, HTTP v1: one message a request over HTTP/2. */
import { deliveryId, deliveryIdPrefix } from '../delivery-id.ts';
import { failureOutcome } from '../http2/failure-outcome.ts';
import type { RequestSource } from '../http2/index.ts';
import { retry } from '../outcome.ts';
import { parseRetryAfter } from '../retry-after.ts';
import type { Batch, Transport } from '../transport.ts';
import {
  FCM_ORIGIN,
  type FcmConfig,
  type FcmDeps,
  MOST_DATA_BYTES,
  MOST_STREAMS,
  REQUEST_TIMEOUT_MS,
} from './config.ts';
import { readAnswer, readName } from './outcome.ts';
import { buildMessage, MOST_TOKEN_BYTES } from './payload.ts';
import { createAccessToken } from './token.ts';

export function createFcmTransport(config: FcmConfig, deps: FcmDeps): Transport {
  const token = createAccessToken(config, deps.clock);
  const path = `/v1/projects/${encodeURIComponent(config.account.project_id)}/messages:send`;
  const client = deps.createClient({
    origin: config.url ?? FCM_ORIGIN,
    connections: config.connections ?? 4,
    maxStreams: MOST_STREAMS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    connectTimeoutMs: REQUEST_TIMEOUT_MS,
    pingAfterMs: 60_000,
    ...(config.ca !== undefined && { ca: config.ca }),
  });
  return {
    kind: 'fcm',
    checkAddress: ({ address }) =>
      address !== '' &&
      Buffer.byteLength(address) <= MOST_TOKEN_BYTES &&
      /^[\x21-\x7e]+$/.test(address) &&
      !/["\\]/.test(address)
        ? null
        : 'an FCM registration token is visible ASCII without quotes',
    open: async () => {
      // Google being away now is answered by `retry` when something is sent.
      await Promise.allSettled([token.get(), client.connect()]);
    },
    async send(batch, onOutcome) {
      let bearer: string;
      try {
        bearer = await token.get();
      } catch (error) {
        const answer = retry((error as Error).message, null, 'provider');
        for (const index of batch.addresses.keys()) onOutcome(index, answer);
        return;
      }
      await client.send(toSource(batch, path, bearer), {
        onResponse: (index, response) => {
          if (response.status === 401) token.drop();
          const wait = parseRetryAfter(response.header('retry-after'), deps.clock());
          const outcome = readAnswer(response.status, response.body, wait);
          onOutcome(index, outcome, outcome.kind === 'accepted' ? readName(response.body) : undefined);
        },
        onFailure: (index, failure) => onOutcome(index, failureOutcome(failure)),
      });
    },
    close: () => client.close(),
  };
}

function toSource(batch: Batch, path: string, bearer: string): RequestSource {
  const message = buildMessage(batch.notification, batch.app);
  const prefix = deliveryIdPrefix(batch.notification.uuid);
  const values = ['', ''];
  return {
    count: batch.addresses.length,
    headers: [
      ['authorization', `Bearer ${bearer}`],
      ['content-type', 'application/json; charset=UTF-8'],
    ],
    path: () => path,
    variableHeader: 'x-request-id',
    variableValue: (index) => deliveryId(prefix, batch.deviceIds[index] ?? 0),
    maxBodyBytes: 2 * MOST_DATA_BYTES + MOST_TOKEN_BYTES,
    writeBody: (index, target, offset) => {
      values[0] = batch.addresses[index] ?? '';
      values[1] = batch.receiptTokens[index] ?? '';
      return message.write(values, target, offset);
    },
  };
}
