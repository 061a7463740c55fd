import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { failureOutcome } from '../http2/failure-outcome.ts';
import type { Failure, RequestSource, Response, ResponseHandler } from '../http2/index.ts';
import { type Outcome, refused, retry } from '../outcome.ts';
import { parseRetryAfter } from '../retry-after.ts';
import { judge, type Suspect } from '../suspects.ts';
import { encrypt, OVERHEAD_BYTES } from './encryption.ts';
import type { KeyPool } from './key-pool.ts';
import { readAnswer, suspectOf } from './outcome.ts';
import type { Pacer } from './pacer.ts';
import type { Payload, Plaintexts } from './payload.ts';
import type { PushService } from './push-service.ts';
import type { Subscription } from './subscription.ts';

/** Devices of one batch at one push service; equal positions belong together. */
export interface Group {
  readonly indices: number[];
  readonly subscriptions: Subscription[];
}

/** What all deliveries of a transport share. */
export interface DeliveryDeps {
  readonly pacer: Pacer;
  readonly keys: KeyPool;
  readonly clock: Clock;
}

/** One batch's notification as one push service gets it. */
export interface Message {
  readonly payload: Payload;
  readonly headers: RequestSource['headers'];
}

/** Messages encrypted at a time, about 2 ms of work. */
const SLICE = 8;
/** So many requests in a row without any answer: the service is away, and the rest of the batch need not wait. */
const MOST_FAULTS = 8;
const TOO_LARGE = refused('status 413: too large even when shortened');

/** Sends one batch's messages to one push service. */
export class Delivery {
  private readonly deps: DeliveryDeps;
  private readonly service: PushService;
  private readonly group: Group;
  private readonly message: Message;
  private readonly answer: (index: number, outcome: Outcome) => void;
  private readonly tooLarge: number[] = [];
  private readonly suspects: Suspect[] = [];
  private faults = 0;

  constructor(
    deps: DeliveryDeps,
    service: PushService,
    group: Group,
    message: Message,
    answer: (index: number, outcome: Outcome) => void,
  ) {
    this.deps = deps;
    this.service = service;
    this.group = group;
    this.message = message;
    this.answer = answer;
  }

  async run(): Promise<void> {
    const positions = [...this.group.indices.keys()];
    try {
      await this.service.reach();
    } catch (error) {
      const reason = (error as Error).message;
      for (const position of positions) this.fail(position, { certainty: 'unprocessed', reason });
      return;
    }
    await this.pass(positions, this.message.payload.whole);
    const shrunk = this.tooLarge.length > 0 ? this.message.payload.shrunk() : null;
    if (shrunk !== null) await this.pass(this.tooLarge.splice(0), shrunk);
    for (const position of this.tooLarge) this.settle(position, TOO_LARGE);
    judge(this.suspects, positions.length, this.service.proven, this.answer);
  }

  /** Encrypts just in time: no more than what may be on its way, a few at a time. */
  private async pass(positions: readonly number[], plaintexts: Plaintexts): Promise<void> {
    const sending: Promise<void>[] = [];
    for (let at = 0; at < positions.length; ) {
      await this.service.room();
      if (this.faults >= MOST_FAULTS) {
        this.giveUp(positions.slice(at));
        break;
      }
      let taken: number[] = [];
      await this.deps.pacer.run(() => {
        const granted = this.service.take(Math.min(SLICE, positions.length - at));
        taken = positions.slice(at, at + granted);
        if (granted > 0) sending.push(this.sendSlice(taken, plaintexts));
      });
      at += taken.length;
    }
    await Promise.all(sending);
  }

  private sendSlice(positions: readonly number[], plaintexts: Plaintexts): Promise<void> {
    const sealed: number[] = [];
    const bodies: Buffer[] = [];
    for (const position of positions) {
      const body = this.seal(position, plaintexts);
      if (body === null) continue;
      sealed.push(position);
      bodies.push(body);
    }
    return this.service.send(this.toSource(sealed, bodies), this.handlerOf(sealed));
  }

  private seal(position: number, plaintexts: Plaintexts): Buffer | null {
    const subscription = this.subscriptionAt(position);
    const text = plaintexts.of(this.indexAt(position));
    const freshness = { keyPair: this.deps.keys.take(), salt: randomBytes(16) };
    const paddingBytes = paddingOf(text.length, plaintexts.mostBodyBytes - OVERHEAD_BYTES);
    try {
      return encrypt(text, paddingBytes, subscription, freshness);
    } catch {
      // OpenSSL's word for a stored key that is no point on the curve.
      this.settle(position, refused('p256dh is not a point on the curve P-256'));
      this.service.give();
      return null;
    }
  }

  private toSource(positions: readonly number[], bodies: readonly Buffer[]): RequestSource {
    return {
      count: positions.length,
      headers: this.message.headers,
      path: (at) => this.subscriptionAt(positions[at] ?? 0).path,
      // Optional in HTTP/2, but some services answer 411 without.
      variableHeader: 'content-length',
      variableValue: (at) => String(bodies[at]?.length ?? 0),
      maxBodyBytes: this.message.payload.whole.mostBodyBytes,
      writeBody: (at, target, offset) => bodies[at]?.copy(target, offset) ?? 0,
    };
  }

  private handlerOf(positions: readonly number[]): ResponseHandler {
    return {
      onResponse: (at, response) => {
        this.service.give();
        this.faults = 0;
        this.read(positions[at] ?? 0, response);
      },
      onFailure: (at, failure) => {
        this.service.give();
        this.faults++;
        this.fail(positions[at] ?? 0, failure);
      },
    };
  }

  private read(position: number, response: Response): void {
    const wait = parseRetryAfter(response.header('retry-after'), this.deps.clock());
    const answer = readAnswer(response.status, response.body, wait);
    if (answer === 'too-large') {
      this.tooLarge.push(position);
      return;
    }
    if (answer.kind === 'accepted') this.service.proven = true;
    const suspect = suspectOf(this.indexAt(position), response.status, answer);
    if (suspect) this.suspects.push(suspect);
    else this.settle(position, answer);
  }

  private fail(position: number, failure: Failure): void {
    const { blocked } = this.service;
    this.settle(position, blocked === null ? failureOutcome(failure) : refused(blocked));
  }

  private giveUp(positions: readonly number[]): void {
    const outcome = retry('the push service does not answer', null, 'provider');
    for (const position of positions) this.settle(position, outcome);
  }

  private settle(position: number, outcome: Outcome): void {
    this.answer(this.indexAt(position), outcome);
  }

  private indexAt(position: number): number {
    return this.group.indices[position] ?? -1;
  }

  private subscriptionAt(position: number): Subscription {
    const subscription = this.group.subscriptions[position];
    if (subscription === undefined) throw new RangeError(`no subscription at ${position}`);
    return subscription;
  }
}

/** Lengths tell what a message says: they are rounded up (RFC 8291 §6 leaves how to the sender). */
const LENGTH_STEP = 128;

function paddingOf(bytes: number, most: number): number {
  const rounded = Math.ceil(bytes / LENGTH_STEP) * LENGTH_STEP;
  return Math.max(0, Math.min(rounded, most) - bytes);
}
