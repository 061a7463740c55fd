import { randomBytes } from 'node:crypto';
import { connect as dial, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { service } from '../../test/builders.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { storeOutbox } from '../store/mqtt-outbox.ts';
import { WINDOW } from './deliveries.ts';
import { createPacketWatch } from './packet-watch.ts';
import { connect, eventually, mqttDevice, type StartedBroker, startBroker } from './testing/harness.ts';

/** A string with its length in front (MQTT 3.1.1 §1.5.3). */
const text = (value: string) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};
const packet = (firstByte: number, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  const length = [];
  for (let rest = body.length; length.length === 0 || rest > 0; rest >>= 7)
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  return Buffer.concat([Buffer.from([firstByte, ...length]), body]);
};
const CONNECT = (username: string, password: string) =>
  packet(0x10, text('MQTT'), Buffer.from([4, 0xc0, 0, 60]), text('raw'), text(username), text(password));
const ANONYMOUS = packet(0x10, text('MQTT'), Buffer.from([4, 2, 0, 60]), text('raw'));
const SUBSCRIBE = (topic: string) => packet(0x82, Buffer.from([0, 1]), text(topic), Buffer.from([1]));

describe('the protocol', () => {
  let test: TestDatabase;
  let started: StartedBroker;

  beforeAll(async () => {
    test = await testDatabase();
    started = await startBroker(test.database);
  });
  afterAll(async () => {
    await started.stop();
    await test.drop();
  });

  const raw = async (
    ...bytes: Buffer[]
  ): Promise<{ socket: Socket; heard(): Buffer; closed: Promise<void> }> => {
    const socket = dial(started.port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await new Promise((resolve) => socket.once('connect', resolve));
    for (const chunk of bytes) socket.write(chunk);
    return { socket, heard: () => Buffer.concat(chunks), closed };
  };
  const isAlive = async () => {
    const client = await connect(started.url);
    await client.endAsync();
  };

  it('keeps no more than a window on the way to a device that acknowledges nothing', async () => {
    const phone = await mqttDevice(test.database);
    for (let id = 1; id <= 3 * WINDOW; id++) {
      await storeOutbox(test.database, {
        notificationId: id,
        notificationCreatedAt: new Date(),
        expiresAt: new Date(Date.now() + 60_000),
        deviceIds: [phone.id],
        payloads: [Buffer.from(`message ${id}.`)],
      });
    }
    const { socket, heard } = await raw(CONNECT(phone.address, phone.password), SUBSCRIBE(phone.topic));
    const count = () => heard().toString('latin1').split('message ').length - 1;
    await eventually(() => count() === WINDOW);
    started.broker.wake();
    // The broker has looked again when it answers this.
    await isAlive();
    expect(count()).toBe(WINDOW);
    // PUBACK of the first half: packet identifiers count from 1.
    for (let id = 1; id <= WINDOW / 2; id++) socket.write(packet(0x40, Buffer.from([0, id])));
    await eventually(() => count() === WINDOW * 1.5);
    socket.destroy();
  });

  it('closes on a packet longer than 256 KiB, when its length is announced', async () => {
    const { closed } = await raw(ANONYMOUS, Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
    await closed;
    await isAlive();
  });

  it('takes a packet of nearly 256 KiB cut into pieces', async () => {
    const id = await service(test.database);
    const topic = `tocsin/services/${id}/notifications`;
    const message = JSON.stringify({ title: 'long', body: 'x'.repeat(32_768), unknown: 'y'.repeat(200_000) });
    const bytes = packet(0x32, text(topic), Buffer.from([0, 9]), Buffer.from(message));
    const { heard, socket } = await raw(ANONYMOUS);
    for (let at = 0; at < bytes.length; at += 10_007) socket.write(bytes.subarray(at, at + 10_007));
    await eventually(() => heard().includes(Buffer.from([0x40, 2, 0, 9])));
    socket.destroy();
  });

  it('survives garbage before and after CONNECT', async () => {
    for (let round = 0; round < 150; round++) {
      const noise = randomBytes(1 + (round % 90));
      // A plausible first byte and length, so that every parser of a packet type gets its share.
      if (round % 3 !== 0) noise[0] = ((round % 16) << 4) | ((noise[0] ?? 0) % 16);
      if (noise.length > 1 && round % 3 !== 0) noise[1] = noise.length - 2;
      const { socket, closed } = await raw(...(round % 2 === 0 ? [noise] : [ANONYMOUS, noise]));
      socket.end();
      await closed;
    }
    await isAlive();
  });

  it('answers no upgrade to another path', async () => {
    const socket = new WebSocket(started.webSocketUrl.replace('/mqtt', '/other'), 'mqtt');
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(error.message).toMatch(/404/);
  });

  it('says that it works, and counts', async () => {
    const client = await connect(started.webSocketUrl);
    expect(started.broker.fault()).toBeNull();
    expect(started.broker.status().connections).toBeGreaterThanOrEqual(1);
    await client.endAsync();
    const stopped = await startBroker(test.database);
    await stopped.stop();
    expect(stopped.broker.fault()).toMatch(/stopped/);
  });

  it('rejects when the port is taken', async () => {
    await expect(startBroker(test.database, {}, started.port)).rejects.toThrow(/EADDRINUSE/);
  });
});

describe('watching packets', () => {
  it('sees the same whatever the chunks are', () => {
    const bytes = Buffer.concat([
      ANONYMOUS,
      packet(0x30, text('a/b'), Buffer.alloc(300)),
      packet(0xc0),
      packet(0xe0),
    ]);
    for (let size = 1; size <= bytes.length; size++) {
      let disconnects = 0;
      let tooLong = 0;
      const watch = createPacketWatch({
        mostBytes: 305,
        onDisconnect: () => disconnects++,
        onTooLong: () => tooLong++,
      });
      for (let at = 0; at < bytes.length; at += size) watch.see(bytes.subarray(at, at + size));
      expect([disconnects, tooLong]).toEqual([1, 0]);
    }
  });

  it.each([
    ['one byte too many', [0x30, 0xb2, 0x02]],
    ['a length that does not end', [0x30, 0x80, 0x80, 0x80, 0x80]],
  ])('stops at %s', (_what, bytes) => {
    let tooLong = 0;
    const watch = createPacketWatch({
      mostBytes: 305,
      onDisconnect: () => undefined,
      onTooLong: () => tooLong++,
    });
    watch.see(Buffer.from(bytes));
    watch.see(Buffer.from([0xe0, 0]));
    expect(tooLong).toBe(1);
  });
});
