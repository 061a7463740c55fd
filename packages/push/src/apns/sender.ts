import { longestReceipt, usableAddresses } from '../addresses.ts';
import type { Clock } from '../clock.ts';
import { deliveryId, deliveryIdPrefix } from '../delivery-id.ts';
import type { Http2Client, RequestSource, Response } from '../http2/index.ts';
import { gone, refused, retry } from '../outcome.ts';
import { parseRetryAfter } from '../retry-after.ts';
import { judge, type Suspect } from '../suspects.ts';
import type { Batch, OnOutcome } from '../transport.ts';
import { Unsent } from '../unsent.ts';
import { BAD_DEVICE_TOKEN, checkApnsAddress, MOST_PAYLOAD_BYTES, SHORTER_PAYLOAD_BYTES } from './config.ts';
import type { HeaderBuilder } from './headers.ts';
import { type ApnsAnswer, readAnswer } from './outcome.ts';
import { buildPayload } from './payload.ts';
import type { ProviderToken } from './token.ts';

const WRONG_SET_UP = retry(
  `${BAD_DEVICE_TOKEN} from many devices: check the APNs environment and topic`,
  null,
  'provider',
);

export interface SenderDeps {
  readonly client: Http2Client;
  /** Null with a client certificate. */
  readonly token: ProviderToken | null;
  readonly headers: HeaderBuilder;
  readonly clock: Clock;
}

/** One batch and what is still to be done about it after its first attempt. */
interface Run {
  readonly batch: Batch;
  readonly onOutcome: OnOutcome;
  readonly suspects: number[];
  readonly unsent: Unsent;
  readonly again: number[];
  readonly tooLarge: number[];
  repeating: boolean;
  reconnect: boolean;
}

export class ApnsSender {
  private readonly deps: SenderDeps;
  /** Apple took something of ours, so that environment and topic are right. */
  private proven = false;

  constructor(deps: SenderDeps) {
    this.deps = deps;
  }

  async send(batch: Batch, onOutcome: OnOutcome): Promise<void> {
    const run: Run = {
      batch,
      onOutcome,
      suspects: [],
      unsent: new Unsent(),
      again: [],
      tooLarge: [],
      repeating: false,
      reconnect: false,
    };
    await this.deps.token?.prepare();
    await this.attempt(run, usableAddresses(batch, checkApnsAddress, onOutcome), MOST_PAYLOAD_BYTES);
    run.repeating = true;
    await this.attempt(run, run.again, MOST_PAYLOAD_BYTES);
    await this.attempt(run, run.tooLarge, SHORTER_PAYLOAD_BYTES);
    if (run.reconnect) this.deps.client.renew();
    this.judgeSuspects(run);
    await run.unsent.answer(this.deps.client, onOutcome);
  }

  private async attempt(run: Run, indices: readonly number[], maxBytes: number): Promise<void> {
    if (indices.length === 0) return;
    const jwt = this.deps.token?.current() ?? null;
    await this.deps.client.send(this.sourceOf(run.batch, indices, maxBytes), {
      onResponse: (position, response) => this.onResponse(run, indices[position] ?? -1, response, jwt),
      onFailure: (position, failure) => run.unsent.add(indices[position] ?? -1, failure, run.onOutcome),
    });
  }

  private sourceOf(batch: Batch, indices: readonly number[], maxBytes: number): RequestSource {
    const { token, headers } = this.deps;
    const { notification, addresses, deviceIds, badges, receiptTokens } = batch;
    const payload = buildPayload(notification, batch.app, longestReceipt(batch), maxBytes);
    const prefix = deliveryIdPrefix(notification.uuid);
    const indexOf = (position: number) => indices[position] ?? 0;
    let jwt = token?.current() ?? null;
    let current = headers(notification, jwt);
    return {
      count: indices.length,
      // What is still waiting when the token is renewed goes out with the new one.
      get headers() {
        const now = token?.current() ?? null;
        if (now !== jwt) {
          jwt = now;
          current = headers(notification, jwt);
        }
        return current;
      },
      path: (position) => `/3/device/${addresses[indexOf(position)]}`,
      variableHeader: 'apns-id',
      variableValue: (position) => deliveryId(prefix, deviceIds[indexOf(position)] ?? 0),
      maxBodyBytes: payload.maxBytes,
      writeBody: (position, target, offset) => {
        const index = indexOf(position);
        return payload.write(badges[index] ?? -1, receiptTokens[index] ?? '', target, offset);
      },
    };
  }

  private onResponse(run: Run, index: number, response: Response, jwt: string | null): void {
    const { status, body } = response;
    const answer = readAnswer(status, body, this.waitOf(response));
    if (status === 200 || status === 410) this.proven = true;
    if (!this.remedied(run, index, answer, jwt)) run.onOutcome(index, answer.outcome);
  }

  private waitOf(response: Response): number | null {
    if (response.status === 200) return null;
    return parseRetryAfter(response.header('retry-after'), this.deps.clock());
  }

  /** Whether the delivery is kept for later in this run; its outcome counts otherwise. */
  private remedied(run: Run, index: number, { remedy }: ApnsAnswer, jwt: string | null): boolean {
    if (remedy === 'suspect') return run.suspects.push(index) > 0;
    if (remedy === 'new-token') return !run.repeating && this.renewToken(jwt) && run.again.push(index) > 0;
    if (remedy === 'shorten') return !run.repeating && run.tooLarge.push(index) > 0;
    if (remedy === 'keep-token') this.deps.token?.hold();
    if (remedy === 'reconnect') run.reconnect = true;
    return false;
  }

  /** The connections that saw an expired token are wedged: the new one goes over new ones. */
  private renewToken(refusedToken: string | null): boolean {
    const { token, client } = this.deps;
    if (!token || refusedToken === null) return false;
    const renewing = token.current() === refusedToken;
    if (!token.expire(refusedToken)) return false;
    if (renewing) client.renew();
    return true;
  }

  /**
   * A wrong environment answers the same as a dead token (Apple DTS, forums thread 807380): who does not say which is
   * theirs loses no address for it.
   */
  private judgeSuspects({ suspects, batch, onOutcome }: Run): void {
    if (batch.environment === '') {
      for (const index of suspects) onOutcome(index, refused(BAD_DEVICE_TOKEN));
      return;
    }
    judge(suspects.map(toSuspect), batch.addresses.length, this.proven, onOutcome);
  }
}

function toSuspect(index: number): Suspect {
  return { index, reason: BAD_DEVICE_TOKEN, alone: gone(BAD_DEVICE_TOKEN), together: WRONG_SET_UP };
}
