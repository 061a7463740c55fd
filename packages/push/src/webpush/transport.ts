/** Web Push (RFC 8030) to browsers, and to UnifiedPush distributors, which speak the same. */
import { type Outcome, refused, retry } from '../outcome.ts';
import type { Batch, OnOutcome, Transport } from '../transport.ts';
import { MOST_ORIGINS, ORIGIN_IDLE_MS, type WebPushConfig, type WebPushDeps } from './config.ts';
import { Delivery, type Group } from './delivery.ts';
import { headersOf } from './headers.ts';
import { KeyPool } from './key-pool.ts';
import { Origins } from './origins.ts';
import { Pacer } from './pacer.ts';
import { buildPayload, type Payload } from './payload.ts';
import { PushService } from './push-service.ts';
import { checkSubscription, readSubscription } from './subscription.ts';
import { createVapid, type Vapid } from './vapid.ts';

const CLOSED = retry('the transport is closed');

/** Throws when the VAPID keys or the subject are not valid. */
export function createWebPushTransport(config: WebPushConfig, deps: WebPushDeps): Transport {
  return new WebPushTransport(config, deps);
}

class WebPushTransport implements Transport {
  readonly kind: WebPushConfig['kind'];
  private readonly config: WebPushConfig;
  private readonly deps: WebPushDeps;
  private readonly vapid: Vapid;
  private readonly origins: Origins<PushService>;
  private readonly pacer = new Pacer();
  private readonly keys = new KeyPool(() => this.sending === 0);
  private sending = 0;

  constructor(config: WebPushConfig, deps: WebPushDeps) {
    this.kind = config.kind;
    this.config = config;
    this.deps = deps;
    this.vapid = createVapid(config.vapid, config.subject, deps.clock);
    const create = (origin: string) => new PushService(origin, config, deps);
    this.origins = new Origins(create, MOST_ORIGINS, ORIGIN_IDLE_MS, deps.clock);
  }

  checkAddress(device: { readonly address: string; readonly credential: string }): string | null {
    return checkSubscription(device, this.config.guard);
  }

  /** Push services are known only by their subscriptions: connections open with the first message. */
  async open(): Promise<void> {
    this.keys.fill();
  }

  /** Every push service gets its part at its own speed; `retry` with scope 'provider' is about that service only. */
  async send(batch: Batch, onOutcome: OnOutcome): Promise<void> {
    this.sending++;
    try {
      const payload = buildPayload(batch);
      const groups = this.groupByOrigin(batch, onOutcome);
      await Promise.all(
        [...groups].map(([origin, group]) => this.sendGroup(batch, origin, group, payload, onOutcome)),
      );
    } finally {
      this.sending--;
      if (this.sending === 0) this.keys.fill();
    }
  }

  close(): Promise<void> {
    return this.origins.close();
  }

  private async sendGroup(
    batch: Batch,
    origin: string,
    group: Group,
    payload: Payload,
    onOutcome: (index: number, outcome: Outcome) => void,
  ): Promise<void> {
    const { pacer, keys, vapid } = this;
    const { clock } = this.deps;
    const sent = await this.origins.use(origin, (service) => {
      const headers = headersOf(batch.notification, vapid.authorization(origin), clock());
      return new Delivery({ pacer, keys, clock }, service, group, { payload, headers }, onOutcome).run();
    });
    if (!sent) for (const index of group.indices) onOutcome(index, CLOSED);
  }

  /** Answers at once what can never be sent. */
  private groupByOrigin(batch: Batch, onOutcome: OnOutcome): Map<string, Group> {
    const groups = new Map<string, Group>();
    for (const [index, address] of batch.addresses.entries()) {
      const credential = batch.credentials[index] ?? '';
      const subscription = readSubscription({ address, credential }, this.config.guard);
      if (typeof subscription === 'string') {
        onOutcome(index, refused(subscription));
        continue;
      }
      const group = groups.get(subscription.origin) ?? { indices: [], subscriptions: [] };
      group.indices.push(index);
      group.subscriptions.push(subscription);
      groups.set(subscription.origin, group);
    }
    return groups;
  }
}
