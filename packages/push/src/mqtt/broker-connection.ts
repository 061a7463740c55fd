import { rootCertificates } from 'node:tls';
import mqtt, { type IClientPublishOptions, type MqttClient, type Packet } from 'mqtt';
import { CONNECT_TIMEOUT_MS, MOST_IN_FLIGHT, type MqttConfig, RECONNECT_MS } from './config.ts';

/** CONNACK codes for a protocol version the broker does not speak: MQTT 3.1.1 §3.2.2.3 and 5.0 §3.2.2.2. */
const UNACCEPTABLE_VERSION = new Set([0x01, 0x84]);
const SUCCESS = 0;

/** `null` when the broker did not answer: the connection broke or the publish was withdrawn. */
export type OnPuback = (reasonCode: number | null) => void;

/** One client of an external broker that comes back by itself; MQTT 5 when the broker speaks it, else 3.1.1. */
export class BrokerConnection {
  private readonly client: MqttClient;
  /** Reason codes of the PUBACK being handled: the client hides 0x10 from its callbacks. */
  private readonly reasonCodes = new Map<number, number>();
  private readonly unanswered = new Map<number, OnPuback>();
  private readonly roomListeners = new Set<() => void>();
  private readonly openWaiters: (() => void)[] = [];
  private changingVersion = false;
  private reconnecting: NodeJS.Timeout | null = null;
  private closed = false;
  /** Why there is no connection. */
  lastReason = 'not connected yet';

  constructor(config: MqttConfig) {
    this.client = mqtt.connect(config.url, {
      protocolVersion: 5,
      reconnectPeriod: RECONNECT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      resubscribe: false,
      ...(config.username === undefined ? {} : { username: config.username }),
      ...(config.password === undefined ? {} : { password: config.password }),
      ...(config.ca === undefined ? {} : { ca: [...rootCertificates, config.ca] }),
    });
    this.client.on('error', (error) => this.onError(error));
    this.client.on('connect', () => this.onConnect());
    this.client.on('close', () => this.onClose());
    this.client.on('packetreceive', (packet) => this.note(packet));
  }

  get isConnected(): boolean {
    return this.client.connected;
  }

  get speaksMqtt5(): boolean {
    return this.client.options.protocolVersion === 5;
  }

  /** Whether one more publish may wait for its PUBACK, as far as the broker and we like. */
  get hasRoom(): boolean {
    const theirs = this.client.serverProperties?.receiveMaximum ?? MOST_IN_FLIGHT;
    return this.unanswered.size < Math.min(MOST_IN_FLIGHT, theirs);
  }

  /** Calls `listener` whenever there is room again; the returned function ends that. */
  onRoom(listener: () => void): () => void {
    this.roomListeners.add(listener);
    return () => this.roomListeners.delete(listener);
  }

  /** Resolves when connected, or when it is clear that the broker is away now. */
  opened(): Promise<void> {
    if (this.client.connected) return Promise.resolve();
    return new Promise((resolve) => this.openWaiters.push(resolve));
  }

  /** QoS 1, never retained: late subscribers must not take old alarms for new ones. Only while connected. */
  publish(topic: string, payload: Buffer, expirySeconds: number, onPuback: OnPuback): void {
    const options: IClientPublishOptions = { qos: 1, retain: false };
    if (this.speaksMqtt5) options.properties = { messageExpiryInterval: expirySeconds };
    let id = 0;
    this.client.publish(topic, payload, options, () => this.answer(id, this.takeReasonCode(id)));
    id = this.client.getLastMessageId();
    this.unanswered.set(id, onPuback);
  }

  /** Breaks a connection that has gone silent; the client makes a new one. */
  breakOff(reason: string): void {
    this.lastReason = reason;
    this.client.stream.destroy();
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.reconnecting !== null) clearTimeout(this.reconnecting);
    this.withdrawAll();
    this.settleOpen();
    await this.client.endAsync(true);
  }

  private onConnect(): void {
    this.changingVersion = false;
    this.lastReason = 'the broker closed the connection';
    this.settleOpen();
  }

  private onClose(): void {
    this.withdrawAll();
    if (!this.changingVersion) this.settleOpen();
  }

  private settleOpen(): void {
    for (const resolve of this.openWaiters.splice(0)) resolve();
  }

  /** What waits for a PUBACK is answered null and forgotten: the delivery queue sends it again, not the client. */
  private withdrawAll(): void {
    for (const id of [...this.unanswered.keys()]) {
      this.client.removeOutgoingMessage(id);
      this.answer(id, null);
    }
  }

  private answer(id: number, reasonCode: number | null): void {
    const onPuback = this.unanswered.get(id);
    if (onPuback === undefined) return;
    this.unanswered.delete(id);
    onPuback(reasonCode);
    for (const listener of [...this.roomListeners]) listener();
  }

  /** The client reconnects by itself after a lost connection, but not after a refused one. */
  private onError(error: Error): void {
    this.lastReason = error.message;
    const code = codeOf(error);
    if (code === null || this.closed) return;
    this.changingVersion = UNACCEPTABLE_VERSION.has(code) && this.speaksMqtt5;
    if (this.changingVersion) this.client.options.protocolVersion = 4;
    if (this.reconnecting !== null) clearTimeout(this.reconnecting);
    this.reconnecting = setTimeout(() => this.client.reconnect(), this.changingVersion ? 0 : RECONNECT_MS);
  }

  private note(packet: Packet): void {
    if (packet.cmd !== 'puback' || packet.messageId === undefined) return;
    this.reasonCodes.set(packet.messageId, packet.reasonCode ?? SUCCESS);
  }

  private takeReasonCode(id: number): number | null {
    const code = this.reasonCodes.get(id) ?? null;
    this.reasonCodes.delete(id);
    return code;
  }
}

/** MQTT reason codes are numbers; the codes of lost connections are names such as ECONNRESET. */
function codeOf(error: Error): number | null {
  return 'code' in error && typeof error.code === 'number' ? error.code : null;
}
