/** Firebase Cloud Messaging, HTTP v1: one message a request over HTTP/2. */
import { longestReceipt, usableAddresses } from '../addresses.ts';
import { deliveryId, deliveryIdPrefix } from '../delivery-id.ts';
import type { Http2Client, RequestSource, Response } from '../http2/index.ts';
import { retry } from '../outcome.ts';
import { parseRetryAfter } from '../retry-after.ts';
import { judge, type Suspect } from '../suspects.ts';
import type { Batch, OnOutcome, Transport } from '../transport.ts';
import { Unsent } from '../unsent.ts';
import {
  CONNECT_TIMEOUT_MS,
  checkFcmAddress,
  FCM_ORIGIN,
  type FcmConfig,
  type FcmDeps,
  MOST_STREAMS,
  REQUEST_TIMEOUT_MS,
} from './config.ts';
import { readAnswer, readName, suspectOf } from './outcome.ts';
import { buildMessage } from './payload.ts';
import { type AccessToken, createAccessToken } from './token.ts';

/** One transport serves one Firebase project. Throws when the account's private key is not one. */
export function createFcmTransport(config: FcmConfig, deps: FcmDeps): Transport {
  const token = createAccessToken(config, deps.clock);
  const client = deps.createClient({
    origin: config.url ?? FCM_ORIGIN,
    connections: config.connections ?? 4,
    maxStreams: MOST_STREAMS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    pingAfterMs: 60_000,
    ...(config.ca !== undefined && { ca: config.ca }),
  });
  const sender = new FcmSender(config, deps, client, token);
  return {
    kind: 'fcm',
    checkAddress: ({ address }) => checkFcmAddress(address),
    open: async () => {
      // Google being away now is answered by `retry` when something is sent.
      await Promise.allSettled([token.get(), client.connect()]);
    },
    send: (batch, onOutcome) => sender.send(batch, onOutcome),
    close: () => client.close(),
  };
}

type Headers = RequestSource['headers'];

class FcmSender {
  private readonly path: string;
  private readonly deps: FcmDeps;
  private readonly client: Http2Client;
  private readonly token: AccessToken;
  /** Google took something of ours, so that the project is the devices'. */
  private proven = false;
  private bearer = '';
  private headers: Headers = [];

  constructor(config: FcmConfig, deps: FcmDeps, client: Http2Client, token: AccessToken) {
    this.path = `/v1/projects/${encodeURIComponent(config.account.project_id)}/messages:send`;
    this.deps = deps;
    this.client = client;
    this.token = token;
  }

  async send(batch: Batch, onOutcome: OnOutcome): Promise<void> {
    const indices = usableAddresses(batch, checkFcmAddress, onOutcome);
    let bearer: string;
    try {
      bearer = await this.token.get();
    } catch (error) {
      const answer = retry((error as Error).message, null, 'provider');
      for (const index of indices) onOutcome(index, answer);
      return;
    }
    const unsent = new Unsent();
    const suspects: Suspect[] = [];
    await this.client.send(this.sourceOf(batch, indices, bearer), {
      onResponse: (position, response) =>
        this.onResponse(indices[position] ?? -1, response, bearer, suspects, onOutcome),
      onFailure: (position, failure) => unsent.add(indices[position] ?? -1, failure, onOutcome),
    });
    judge(suspects, batch.addresses.length, this.proven, onOutcome);
    await unsent.answer(this.client, onOutcome);
  }

  private onResponse(
    index: number,
    response: Response,
    bearer: string,
    suspects: Suspect[],
    onOutcome: OnOutcome,
  ): void {
    const { status, body } = response;
    const accepted = status === 200;
    if (accepted) this.proven = true;
    if (status === 401) this.token.drop(bearer);
    const wait = accepted ? null : parseRetryAfter(response.header('retry-after'), this.deps.clock());
    const outcome = readAnswer(status, body, wait);
    const suspect = suspectOf(index, outcome);
    if (suspect) suspects.push(suspect);
    else onOutcome(index, outcome, accepted ? readName(body) : undefined);
  }

  private sourceOf(batch: Batch, indices: readonly number[], bearer: string): RequestSource {
    const { notification, addresses, deviceIds, receiptTokens } = batch;
    const receiptBytes = longestReceipt(batch);
    const message = buildMessage(notification, batch.app, receiptBytes);
    const longestAddress = addresses.reduce((longest, { length }) => Math.max(longest, length), 0);
    const prefix = deliveryIdPrefix(notification.uuid);
    const indexOf = (position: number) => indices[position] ?? 0;
    const values = ['', ''];
    return {
      count: indices.length,
      headers: this.headersOf(bearer),
      path: () => this.path,
      variableHeader: 'x-request-id',
      variableValue: (position) => deliveryId(prefix, deviceIds[indexOf(position)] ?? 0),
      maxBodyBytes: message.fixedBytes + longestAddress + receiptBytes,
      writeBody: (position, target, offset) => {
        const index = indexOf(position);
        values[0] = addresses[index] ?? '';
        values[1] = receiptTokens[index] ?? '';
        return message.write(values, target, offset);
      },
    };
  }

  /** One array while the access token is the same: the HTTP/2 encoder knows a block by its identity. */
  private headersOf(bearer: string): Headers {
    if (bearer === this.bearer) return this.headers;
    this.bearer = bearer;
    this.headers = [
      ['authorization', `Bearer ${bearer}`],
      ['content-type', 'application/json; charset=UTF-8'],
    ];
    return this.headers;
  }
}
