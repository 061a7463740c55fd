/** MQTT devices on an external broker. Its PUBACK is `accepted`: the broker has it, the device says the rest itself. */
import { type Outcome, retry } from '../outcome.ts';
import type { Batch, OnOutcome, Transport } from '../transport.ts';
import { checkMqttAddress, deviceTopic } from './address.ts';
import { BrokerConnection } from './broker-connection.ts';
import { ACK_TIMEOUT_MS, type MqttConfig, type MqttDeps } from './config.ts';
import { readPuback } from './outcome.ts';
import { mqttPayload } from './payload.ts';

const NO_ANSWER = retry('the connection to the MQTT broker was lost before its PUBACK', null, 'provider');

export function createMqttTransport(config: MqttConfig, deps: MqttDeps): Transport {
  let broker: BrokerConnection | null = null;
  return {
    kind: 'mqtt',
    checkAddress: ({ address }) => checkMqttAddress(address),
    async open() {
      broker ??= new BrokerConnection(config);
      await broker.opened();
    },
    async send(batch, onOutcome) {
      if (broker === null) throw new Error('send before open');
      await new PublishRun(
        broker,
        batch,
        onOutcome,
        config.ackTimeoutMs ?? ACK_TIMEOUT_MS,
        deps.clock(),
      ).run();
    },
    async close() {
      await broker?.close();
    },
  };
}

/** One batch's publishes, as many at a time as the broker has room for. */
class PublishRun {
  private readonly broker: BrokerConnection;
  private readonly batch: Batch;
  private readonly onOutcome: OnOutcome;
  private readonly ackTimeoutMs: number;
  private readonly expirySeconds: number;
  private readonly payload: (index: number) => Buffer;
  private next = 0;
  private inFlight = 0;
  private pumping = false;
  private silence: NodeJS.Timeout | undefined;
  private done: () => void = () => undefined;

  constructor(
    broker: BrokerConnection,
    batch: Batch,
    onOutcome: OnOutcome,
    ackTimeoutMs: number,
    now: number,
  ) {
    this.broker = broker;
    this.batch = batch;
    this.onOutcome = onOutcome;
    this.ackTimeoutMs = ackTimeoutMs;
    this.expirySeconds = expirySecondsOf(batch, now);
    this.payload = mqttPayload(batch);
  }

  run(): Promise<void> {
    return new Promise((resolve) => {
      const stopListening = this.broker.onRoom(() => this.pump());
      this.done = () => {
        stopListening();
        clearTimeout(this.silence);
        resolve();
      };
      this.watchSilence();
      this.pump();
    });
  }

  private pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    const { addresses } = this.batch;
    while (this.next < addresses.length && this.broker.hasRoom) this.begin(this.next++);
    this.pumping = false;
    if (this.next === addresses.length && this.inFlight === 0) this.done();
  }

  private begin(index: number): void {
    if (!this.broker.isConnected) {
      this.onOutcome(index, this.away());
      return;
    }
    this.inFlight++;
    const topic = deviceTopic(this.batch.addresses[index] ?? '');
    this.broker.publish(topic, this.payload(index), this.expirySeconds, (reasonCode) => {
      this.inFlight--;
      this.onOutcome(index, reasonCode === null ? NO_ANSWER : readPuback(reasonCode));
      this.watchSilence();
    });
  }

  private away(): Outcome {
    return retry(`the MQTT broker is away: ${this.broker.lastReason}`, null, 'provider');
  }

  /** A connection whose broker has stopped acknowledging is as good as lost. */
  private watchSilence(): void {
    clearTimeout(this.silence);
    const reason = `no PUBACK within ${this.ackTimeoutMs} ms`;
    this.silence = setTimeout(() => this.broker.breakOff(reason), this.ackTimeoutMs);
  }
}

/** What is left of the ttl; at least a second, because brokers take 0 for "for ever" as well as for "now". */
function expirySecondsOf({ notification }: Batch, now: number): number {
  const age = Math.max(0, Math.floor((now - notification.timestamp) / 1_000));
  return Math.max(1, notification.ttlSeconds - age);
}
