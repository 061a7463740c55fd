import type { Clock } from '../clock.ts';

export interface MqttConfig {
  /** `mqtt:`, `mqtts:`, `ws:` or `wss:` address of the broker. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM; an extra certificate authority. */
  readonly ca?: string;
  /** ms without a PUBACK after which what waits for one is given up; 10 s when not given. */
  readonly ackTimeoutMs?: number;
}

export interface MqttDeps {
  readonly clock: Clock;
}

/** More than any text the API takes; brokers commonly cap packets at 256 KiB. */
export const MOST_PAYLOAD_BYTES = 128 * 1_024;
export const RECONNECT_MS = 1_000;
export const CONNECT_TIMEOUT_MS = 10_000;
export const ACK_TIMEOUT_MS = 10_000;
/** Publishes without a PUBACK at a time; a broker may allow fewer (MQTT 5 Receive Maximum). */
export const MOST_IN_FLIGHT = 100;
