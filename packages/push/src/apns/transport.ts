/** Apple Push Notification service over HTTP/2. */
import { deliveryId, deliveryIdPrefix } from '../delivery-id.ts';
import { failureOutcome } from '../http2/failure-outcome.ts';
import type { Http2Client, RequestSource, Response } from '../http2/index.ts';
import { collapseIdentity, type Notification } from '../notification.ts';
import { ACCEPTED, type Outcome, refused, retry } from '../outcome.ts';
import { truncateBytes } from '../payload/truncate.ts';
import { parseRetryAfter } from '../retry-after.ts';
import type { Batch, OnOutcome, Transport } from '../transport.ts';
import {
  APNS_ORIGINS,
  type ApnsConfig,
  type ApnsDeps,
  MOST_PAYLOAD_BYTES,
  MOST_STREAMS,
  REQUEST_TIMEOUT_MS,
} from './config.ts';
import { readAnswer } from './outcome.ts';
import { buildPayload } from './payload.ts';
import { createProviderToken, type ProviderToken } from './token.ts';

type Headers = readonly (readonly [string, string])[];

/** apns-collapse-id is at most 64 bytes. */
const MOST_COLLAPSE_BYTES = 64;
/** So many "bad device token" in a row are our environment or topic, not the devices. */
const SUSPICIOUS_BAD_TOKENS = 20;

export function createApnsTransport(config: ApnsConfig, deps: ApnsDeps): Transport {
  const { authentication } = config;
  const token = authentication.kind === 'token' ? createProviderToken(authentication, deps.clock) : null;
  const client = deps.createClient({
    origin: config.url ?? APNS_ORIGINS[config.environment],
    connections: config.connections ?? 2,
    maxStreams: MOST_STREAMS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    connectTimeoutMs: REQUEST_TIMEOUT_MS,
    pingAfterMs: 60_000,
    ...(config.ca !== undefined && { ca: config.ca }),
    ...(authentication.kind === 'certificate' && { certificate: authentication }),
    firstRequestAlone: authentication.kind === 'token',
  });
  const sender = new ApnsSender(config, deps, client, token);
  return {
    kind: 'apns',
    checkAddress: ({ address }) =>
      /^[0-9a-fA-F]{2,512}$/.test(address) ? null : 'an APNs device token is hexadecimal digits',
    open: async () => {
      // Apple being away now is answered by `retry` when something is sent.
      await client.connect().catch(() => undefined);
    },
    send: (batch, onOutcome) => sender.send(batch, onOutcome),
    close: () => client.close(),
  };
}

class ApnsSender {
  private readonly config: ApnsConfig;
  private readonly deps: ApnsDeps;
  private readonly client: Http2Client;
  private readonly token: ProviderToken | null;
  private goodAnswers = 0;
  private badTokens = 0;

  constructor(config: ApnsConfig, deps: ApnsDeps, client: Http2Client, token: ProviderToken | null) {
    this.config = config;
    this.deps = deps;
    this.client = client;
    this.token = token;
  }

  async send(batch: Batch, onOutcome: OnOutcome): Promise<void> {
    const all = batch.addresses.map((_, index) => index);
    const again = await this.attempt(batch, all, onOutcome);
    if (again.length === 0) return;
    // The connection that saw an expired token is wedged: new token, new connections, once.
    this.token?.expire();
    this.client.renew();
    const left = await this.attempt(batch, again, onOutcome);
    for (const index of left) onOutcome(index, retry('ExpiredProviderToken', null, 'provider'));
  }

  /** Sends the given indices; returns those that met an expired provider token. */
  private async attempt(batch: Batch, indices: readonly number[], onOutcome: OnOutcome): Promise<number[]> {
    const expired: number[] = [];
    await this.client.send(this.toSource(batch, indices), {
      onResponse: (position, response) => {
        const index = indices[position] ?? -1;
        const outcome = this.read(response);
        if (outcome) onOutcome(index, outcome);
        else expired.push(index);
      },
      onFailure: (position, failure) => onOutcome(indices[position] ?? -1, failureOutcome(failure)),
    });
    return expired;
  }

  private toSource(batch: Batch, indices: readonly number[]): RequestSource {
    const payload = buildPayload(batch.notification, batch.app);
    const prefix = deliveryIdPrefix(batch.notification.uuid);
    const values = ['', ''];
    return {
      count: indices.length,
      headers: this.headers(batch.notification),
      path: (position) => `/3/device/${batch.addresses[indices[position] ?? 0]}`,
      variableHeader: 'apns-id',
      variableValue: (position) => deliveryId(prefix, batch.deviceIds[indices[position] ?? 0] ?? 0),
      maxBodyBytes: MOST_PAYLOAD_BYTES,
      writeBody: (position, target, offset) => {
        const index = indices[position] ?? 0;
        values[0] = String(Math.max(0, batch.badges[index] ?? 0));
        values[1] = batch.receiptTokens[index] ?? '';
        return payload.write(values, target, offset);
      },
    };
  }

  private headers(notification: Notification): Headers {
    const expiration =
      notification.ttlSeconds === 0
        ? 0
        : Math.floor(notification.timestamp / 1_000) + notification.ttlSeconds;
    return [
      ...(this.token ? [['authorization', `bearer ${this.token.current()}`] as const] : []),
      ['apns-topic', this.config.topic],
      ['apns-push-type', 'alert'],
      ['apns-priority', notification.priority === 'low' ? '5' : '10'],
      ['apns-expiration', String(expiration)],
      ['apns-collapse-id', truncateBytes(collapseIdentity(notification), MOST_COLLAPSE_BYTES)],
    ];
  }

  /** Null when the provider token has expired. */
  private read(response: Response): Outcome | null {
    if (response.status !== 200) {
      const answer = readAnswer(
        response.status,
        response.body,
        parseRetryAfter(response.header('retry-after'), this.deps.clock()),
      );
      return 'outcome' in answer ? this.doubt(answer.outcome) : null;
    }
    this.goodAnswers++;
    this.badTokens = 0;
    return ACCEPTED;
  }

  /**
   * A wrong environment answers the same as a dead token: while Apple took nothing of ours the address is kept, and
   * when nothing else comes back any more it is our configuration, and no address may be lost for it.
   */
  private doubt(outcome: Outcome): Outcome {
    if (outcome.kind !== 'gone' || outcome.reason !== 'BadDeviceToken') return outcome;
    this.badTokens++;
    if (this.badTokens > SUSPICIOUS_BAD_TOKENS) {
      return retry(
        'BadDeviceToken from every device: check APNS_ENVIRONMENT and APNS_TOPIC',
        null,
        'provider',
      );
    }
    return this.goodAnswers > 0 ? outcome : refused(outcome.reason);
  }
}
