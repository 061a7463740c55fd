import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { outcomesOf as send } from '../../testing/batch.ts';
import { type FakeMqttBroker, startFakeMqttBroker } from '../../testing/mqtt/index.ts';
import { batchFor } from '../../testing/webpush/batch.ts';
import { ACCEPTED, retry } from '../outcome.ts';
import type { Transport } from '../transport.ts';
import type { MqttConfig } from './config.ts';
import { createMqttTransport } from './transport.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function startBroker(...options: Parameters<typeof startFakeMqttBroker>): Promise<FakeMqttBroker> {
  const broker = await startFakeMqttBroker(...options);
  open.push(broker);
  return broker;
}

async function openTransport(config: MqttConfig): Promise<Transport> {
  const transport = createMqttTransport(config, { clock: Date.now });
  open.push(transport);
  await transport.open();
  return transport;
}

const devices = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ address: `device-${index}` }));

describe('MQTT on a broker of version 3.1.1', () => {
  it('publishes every device its own payload on its own topic, QoS 1 and not retained', async () => {
    const broker = await startBroker();
    const transport = await openTransport({ url: broker.url });
    const batch = batchFor(devices(300));
    expect(await send(transport, batch)).toEqual(batch.addresses.map(() => ACCEPTED));
    const byTopic = new Map(broker.received.map((publish) => [publish.topic, publish]));
    expect(byTopic.size).toBe(300);
    for (const index of batch.addresses.keys()) {
      expect(byTopic.get(`tocsin/devices/device-${index}/notifications`)).toMatchObject({
        qos: 1,
        retain: false,
        json: { id: 42, body: 'Helium pressure “high” 🚨', badge: index + 1, receipt: `r${index + 1}` },
      });
    }
  });

  it('serves batches that are sent at the same time', async () => {
    const broker = await startBroker();
    const transport = await openTransport({ url: broker.url });
    const outcomes = await Promise.all([1, 2, 3].map(() => send(transport, batchFor(devices(150)))));
    expect(outcomes.flat()).toEqual(Array.from({ length: 450 }, () => ACCEPTED));
  });

  it('answers retry for the whole provider while the broker is away, and delivers when it is back', async () => {
    const broker = await startBroker();
    const transport = await openTransport({ url: broker.url });
    const batch = batchFor(devices(2));
    await broker.down();
    for (const outcome of await send(transport, batch)) {
      expect(outcome).toMatchObject({ kind: 'retry', scope: 'provider' });
    }
    await broker.up();
    await expect.poll(() => send(transport, batch), { timeout: 10_000 }).toEqual([ACCEPTED, ACCEPTED]);
    // What was answered `retry` is not also sent behind the queue's back.
    expect(broker.received).toHaveLength(2);
  });

  it('opens although the broker is away, and delivers when it comes', async () => {
    const broker = await startBroker();
    await broker.down();
    const transport = await openTransport({ url: broker.url });
    const [outcome] = await send(transport, batchFor(devices(1)));
    expect(outcome).toMatchObject({ kind: 'retry', scope: 'provider' });
    expect((outcome as { reason: string }).reason).toContain('ECONNREFUSED');
    await broker.up();
    await expect.poll(() => send(transport, batchFor(devices(1))), { timeout: 10_000 }).toEqual([ACCEPTED]);
  });

  it('answers retry for what waits for its PUBACK when the broker dies', async () => {
    const broker = await startBroker();
    const transport = await openTransport({ url: broker.url });
    broker.stall();
    const sending = send(transport, batchFor(devices(150)));
    await expect.poll(() => broker.stalled).toBeGreaterThan(0);
    await broker.down();
    const outcomes = await sending;
    expect(outcomes).toHaveLength(150);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'retry', scope: 'provider' });
  });

  it('gives up on a broker that acknowledges nothing, and connects anew', async () => {
    const broker = await startBroker();
    const transport = await openTransport({ url: broker.url, ackTimeoutMs: 100 });
    broker.stall();
    const outcomes = await send(transport, batchFor(devices(250)));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'retry', scope: 'provider' });
    broker.stall(false);
    await expect.poll(() => send(transport, batchFor(devices(1))), { timeout: 10_000 }).toEqual([ACCEPTED]);
  });

  it('presents its credentials, and says why it is not let in', async () => {
    const broker = await startBroker({ username: 'tocsin', password: 'correct' });
    const transport = await openTransport({ url: broker.url, username: 'tocsin', password: 'correct' });
    expect(await send(transport, batchFor(devices(1)))).toEqual([ACCEPTED]);
    const stranger = await openTransport({ url: broker.url, username: 'tocsin', password: 'wrong' });
    const [outcome] = await send(stranger, batchFor(devices(1)));
    expect(outcome).toMatchObject({ kind: 'retry', scope: 'provider' });
    const { reason } = outcome as { reason: string };
    expect(reason).toMatch(/Connection refused/);
    expect(reason).not.toContain('wrong');
  });
});

/** Answers CONNECT with success and every PUBLISH with a PUBACK of the given reason: OASIS MQTT 5.0 §3.2, §3.4. */
async function startMqtt5Broker(reasonCode: number) {
  const publishes: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', (packet: Buffer) => {
      const type = (packet[0] ?? 0) >> 4;
      if (type === 1) socket.write(Buffer.from([0x20, 3, 0, 0, 0]));
      if (type !== 3) return;
      publishes.push(Buffer.from(packet));
      const lengthBytes = (packet[1] ?? 0) < 128 ? 1 : 2;
      const topicBytes = packet.readUInt16BE(1 + lengthBytes);
      const id = packet.subarray(3 + lengthBytes + topicBytes).subarray(0, 2);
      socket.write(Buffer.concat([Buffer.from([0x40, 4]), id, Buffer.from([reasonCode, 0])]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  open.push({ close });
  return { publishes, url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('MQTT on a broker of version 5', () => {
  it('says how long the message is worth keeping', async () => {
    const broker = await startMqtt5Broker(0);
    const transport = await openTransport({ url: broker.url });
    const batch = batchFor(devices(1), { timestamp: Date.now() - 60_000, ttlSeconds: 3_660 });
    expect(await send(transport, batch)).toEqual([ACCEPTED]);
    // Property 2, Message Expiry Interval, four bytes (§3.3.2.3.3).
    const expiry = Buffer.from([5, 0x02, 0, 0, 0x0e, 0x10]);
    expect(broker.publishes[0]?.includes(expiry)).toBe(true);
  });

  it('hears that nobody listens, which the broker would not keep', async () => {
    const broker = await startMqtt5Broker(0x10);
    const transport = await openTransport({ url: broker.url });
    expect(await send(transport, batchFor(devices(1)))).toEqual([retry('PUBACK 0x10 nobody listens')]);
  });

  it('hears that it may not publish', async () => {
    const broker = await startMqtt5Broker(0x87);
    const transport = await openTransport({ url: broker.url });
    expect(await send(transport, batchFor(devices(1)))).toEqual([retry('PUBACK 0x87', null, 'provider')]);
  });
});

describe('an MQTT device name', () => {
  const { checkAddress } = createMqttTransport({ url: 'mqtt://127.0.0.1' }, { clock: Date.now });

  it.each(['a', 'kitchen-light_2', 'x'.repeat(128)])('may be %s', (address) => {
    expect(checkAddress({ address, credential: '' })).toBeNull();
  });

  it.each(['', 'a/b', '+', '#', 'a+', 'a\0b', 'é', 'x'.repeat(129), '$SYS'])(
    'must not be "%s"',
    (address) => {
      expect(checkAddress({ address, credential: '' })).not.toBeNull();
    },
  );
});
