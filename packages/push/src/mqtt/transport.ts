/** MQTT devices on an external broker. Its PUBACK is `accepted`: the broker has it, the device says the rest itself. */
import mqtt, { type MqttClient } from 'mqtt';
import { ACCEPTED, retry } from '../outcome.ts';
import type { Transport } from '../transport.ts';
import { buildJsonPayload } from '../webpush/payload.ts';

export interface MqttConfig {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
}

/** More than any text the API takes; brokers commonly cap packets at 256 KiB. */
export const MOST_PAYLOAD_BYTES = 128 * 1_024;
const RECONNECT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 10_000;
const PUBACK_TIMEOUT_MS = 10_000;

/** The topic a device listens on; `address` is its public name. */
export function deviceTopic(address: string): string {
  return `tocsin/devices/${address}/notifications`;
}

/** No level separators, wildcards or NUL: a name must not reach beyond its own topic (MQTT 3.1.1 §4.7). */
export function checkMqttAddress(address: string): string | null {
  return /^[A-Za-z0-9_-]{1,128}$/.test(address) ? null : 'an MQTT device name is letters, digits, - and _';
}

export function createMqttTransport(config: MqttConfig): Transport {
  let client: MqttClient | null = null;
  return {
    kind: 'mqtt',
    checkAddress: ({ address }) => checkMqttAddress(address),
    async open() {
      client = mqtt.connect(config.url, {
        reconnectPeriod: RECONNECT_MS,
        connectTimeout: CONNECT_TIMEOUT_MS,
        // What is not acknowledged is answered `retry` and comes back from our queue, not from the client's.
        queueQoSZero: false,
        resubscribe: false,
        ...(config.username !== undefined && { username: config.username }),
        ...(config.password !== undefined && { password: config.password }),
        ...(config.ca !== undefined && { ca: config.ca }),
      });
      // Being away is answered by `retry`; the client goes on trying.
      client.on('error', () => undefined);
    },
    async send(batch, onOutcome) {
      const broker = client;
      if (!broker?.connected) {
        const away = retry('the MQTT broker is away', null, 'provider');
        for (const index of batch.addresses.keys()) onOutcome(index, away);
        return;
      }
      const payload = buildJsonPayload(batch.notification, MOST_PAYLOAD_BYTES);
      const publishing = batch.addresses.map((address, index) => {
        const bytes = Buffer.allocUnsafe(payload.fixedBytes + 64);
        const values = [String(Math.max(0, batch.badges[index] ?? 0)), batch.receiptTokens[index] ?? ''];
        const size = payload.write(values, bytes, 0);
        return publish(broker, deviceTopic(address), bytes.subarray(0, size)).then(
          () => onOutcome(index, ACCEPTED),
          (error: Error) => onOutcome(index, retry(error.message, null, 'provider')),
        );
      });
      await Promise.all(publishing);
    },
    async close() {
      await client?.endAsync(true);
    },
  };
}

function publish(client: MqttClient, topic: string, payload: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('no PUBACK in time')), PUBACK_TIMEOUT_MS);
    client.publish(topic, payload, { qos: 1 }, (error) => {
      clearTimeout(late);
      if (error) reject(error);
      else resolve();
    });
  });
}
