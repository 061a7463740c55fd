/** Web Push (RFC 8030) to browsers, and to UnifiedPush distributors, which speak the same. */
import { createHash } from 'node:crypto';
import { failureOutcome } from '../http2/failure-outcome.ts';
import type { RequestSource } from '../http2/index.ts';
import { collapseIdentity, type Notification } from '../notification.ts';
import { refused } from '../outcome.ts';
import { parseRetryAfter } from '../retry-after.ts';
import type { Batch, OnOutcome, Transport } from '../transport.ts';
import {
  MOST_BODY_BYTES,
  MOST_ORIGINS,
  MOST_STREAMS,
  REQUEST_TIMEOUT_MS,
  type WebPushConfig,
  type WebPushDeps,
} from './config.ts';
import { encryptInto, MOST_PLAINTEXT_BYTES, readCredential, type Subscription } from './encryption.ts';
import { checkSubscription } from './endpoint.ts';
import { openByAlpn } from './http1.ts';
import { createOrigins } from './origins.ts';
import { readAnswer } from './outcome.ts';
import { buildJsonPayload } from './payload.ts';
import { createVapid } from './vapid.ts';

const UNUSABLE = refused('the subscription is not usable');
const URGENCY = { low: 'low', normal: 'normal', high: 'high', critical: 'high' } as const;

/** Devices of one batch at one push service. */
interface Group {
  readonly indices: number[];
  readonly paths: string[];
  readonly subscriptions: Subscription[];
}

export function createWebPushTransport(config: WebPushConfig, deps: WebPushDeps): Transport {
  const vapid = createVapid(config.vapid, config.subject, deps.clock);
  const origins = createOrigins(
    (origin) =>
      openByAlpn(deps.createClient, {
        origin,
        connections: 1,
        maxStreams: MOST_STREAMS,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        connectTimeoutMs: REQUEST_TIMEOUT_MS,
        pingAfterMs: 60_000,
        lookup: config.guard.lookup,
        ...(config.ca !== undefined && { ca: config.ca }),
      }),
    MOST_ORIGINS,
  );
  return {
    kind: config.kind,
    checkAddress: (device) => checkSubscription(device, config.guard),
    // Push services are known only by their subscriptions: connections open with the first message.
    open: async () => undefined,
    async send(batch, onOutcome) {
      const groups = groupByOrigin(batch, config, onOutcome);
      const sending = [...groups].map(([origin, group]) =>
        origins.client(origin).send(toSource(batch, group, vapid.authorization(origin)), {
          onResponse: (position, response) => {
            const wait = parseRetryAfter(response.header('retry-after'), deps.clock());
            onOutcome(group.indices[position] ?? -1, readAnswer(response.status, wait));
          },
          onFailure: (position, failure) => onOutcome(group.indices[position] ?? -1, failureOutcome(failure)),
        }),
      );
      await Promise.all(sending);
    },
    close: () => origins.close(),
  };
}

/** Answers at once what can never be sent. */
function groupByOrigin(batch: Batch, config: WebPushConfig, onOutcome: OnOutcome): Map<string, Group> {
  const groups = new Map<string, Group>();
  batch.addresses.forEach((address, index) => {
    const subscription = readCredential(batch.credentials[index] ?? '');
    const url = URL.canParse(address) ? new URL(address) : null;
    if (!subscription || !url || config.guard.checkHost(url.hostname) !== null) {
      onOutcome(index, UNUSABLE);
      return;
    }
    let group = groups.get(url.origin);
    if (!group) {
      group = { indices: [], paths: [], subscriptions: [] };
      groups.set(url.origin, group);
    }
    group.indices.push(index);
    group.paths.push(url.pathname + url.search);
    group.subscriptions.push(subscription);
  });
  return groups;
}

function toSource(batch: Batch, group: Group, authorization: string): RequestSource {
  const { notification } = batch;
  const payload = buildJsonPayload(notification, MOST_PLAINTEXT_BYTES);
  const plaintext = Buffer.allocUnsafe(MOST_PLAINTEXT_BYTES);
  const values = ['', ''];
  return {
    count: group.indices.length,
    headers: headersOf(notification, authorization),
    path: (position) => group.paths[position] ?? '/',
    variableHeader: null,
    variableValue: () => '',
    maxBodyBytes: MOST_BODY_BYTES,
    // Encrypted when its stream is free, not before: a batch never holds the loop for more than a window of streams.
    writeBody: (position, target, offset) => {
      const index = group.indices[position] ?? 0;
      values[0] = String(Math.max(0, batch.badges[index] ?? 0));
      values[1] = batch.receiptTokens[index] ?? '';
      const size = payload.write(values, plaintext, 0);
      return encryptInto(
        target,
        offset,
        plaintext.subarray(0, size),
        group.subscriptions[position] as Subscription,
      );
    },
  };
}

function headersOf(notification: Notification, authorization: string): [string, string][] {
  return [
    ['authorization', authorization],
    ['ttl', String(notification.ttlSeconds)],
    ['urgency', URGENCY[notification.priority]],
    ['topic', topicOf(notification)],
    ['content-encoding', 'aes128gcm'],
    ['content-type', 'application/octet-stream'],
  ];
}

/** Up to 32 characters of base64url; an undelivered message with the same topic is replaced (RFC 8030 §5.4). */
function topicOf(notification: Notification): string {
  return createHash('sha256').update(collapseIdentity(notification)).digest('base64url').slice(0, 32);
}
