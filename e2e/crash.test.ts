/** The promise of the whole: what was answered 201 reaches every device, whatever is killed in between. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectTo, type ServerProcess, startServer } from '@tocsin/server/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type Crowd, reached, seedCrowd, shownTwice } from './crowd.ts';
import { type Providers, startProviders } from './providers.ts';

// The whole claim is 100,000 devices and ten kills, which takes a minute and a half on two cores.
const DEVICES = Number(process.env.TOCSIN_CRASH_DEVICES ?? 12_000);
const KILLS = Number(process.env.TOCSIN_CRASH_KILLS ?? 3);
/** What is on its way at one moment: chunks at full speed × users in a chunk (fanout/worker.ts, queue/chunk.ts). */
const WINDOW = 4 * 500;
/** Whatever the size of the audience. */
const MOST_MEMORY_MIB = 512;

let server: ServerProcess | null = null;
let providers: Providers | null = null;
afterEach(async () => {
  await server?.stop();
  await providers?.close();
});

const post = (url: string, service: string, title: string) =>
  fetch(`${url}/api/v2/services/${service}/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title }),
  });

/** Every device once in the log, and every MQTT device's message waiting for it. */
async function untilEverybodyIsLogged(process: ServerProcess, { mqttDevices }: Crowd): Promise<void> {
  const count = async (statement: string) =>
    (await process.database.query<{ count: number }>(statement)).rows[0]?.count;
  await expect
    .poll(() => count('select count(distinct device_id)::int as count from delivery_event where event = 1'), {
      timeout: 300_000,
      interval: 500,
    })
    .toBe(DEVICES);
  expect(await count('select count(*)::int as count from mqtt_outbox')).toBe(mqttDevices);
}

/** Of the server's processes so far, MiB. */
function residentMemory(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
}

function expectOnceOnEveryScreen(peers: Providers, { mqttDevices }: Crowd, kills: number): void {
  const { devices, requests } = reached(peers);
  expect(devices).toBe(DEVICES - mqttDevices);
  expect(requests - devices).toBeLessThanOrEqual(kills * WINDOW);
  expect(shownTwice(peers)).toBe(0);
}

describe('kill -9 in the middle of a fan-out', () => {
  it('of the server: every device has it after the restart, repeats stay within a window and replace', async () => {
    providers = await startProviders(false);
    server = await startServer(providers.settings);
    const crowd = await seedCrowd(server, providers, DEVICES);
    expect((await post(server.url, crowd.service, 'Beam lost')).status).toBe(201);
    for (let kill = 0; kill < KILLS; kill++) {
      const target = Math.floor(((kill + Math.random()) * DEVICES) / (KILLS + 1));
      await expect
        .poll(() => reached(providers as Providers).devices, { timeout: 120_000, interval: 5 })
        .toBeGreaterThan(target);
      expect(residentMemory(server.pid)).toBeLessThan(MOST_MEMORY_MIB);
      await server.kill();
      server = await startServer(providers.settings, server.dataDir);
    }
    await untilEverybodyIsLogged(server, crowd);
    expect(residentMemory(server.pid)).toBeLessThan(MOST_MEMORY_MIB);
    expectOnceOnEveryScreen(providers, crowd, KILLS);
  }, 600_000);

  it('of PostgreSQL: it comes back by itself and everybody has it', async () => {
    providers = await startProviders(false);
    server = await startServer(providers.settings);
    const crowd = await seedCrowd(server, providers, DEVICES);
    expect((await post(server.url, crowd.service, 'Beam lost')).status).toBe(201);
    await expect
      .poll(() => reached(providers as Providers).devices, { timeout: 120_000, interval: 5 })
      .toBeGreaterThan(DEVICES / 4);
    const pidFile = readFileSync(join(server.dataDir, 'postgres', 'postmaster.pid'), 'utf8');
    process.kill(Number(pidFile.split('\n')[0]), 'SIGKILL');
    await expect
      .poll(() => reached(providers as Providers).devices, { timeout: 300_000, interval: 200 })
      .toBe(DEVICES - crowd.mqttDevices);
    const database = await connectTo(server.dataDir);
    await untilEverybodyIsLogged({ ...server, database }, crowd);
    await database.end();
    expectOnceOnEveryScreen(providers, crowd, 1);
  }, 600_000);
});

describe('a POST', () => {
  it('answered 201 is never lost, and one refused left nothing behind, with the server killed at any moment', async () => {
    server = await startServer();
    const { rows } = await server.database.query<{ id: string }>('select id from service');
    const service = rows[0]?.id ?? '';
    const accepted: string[] = [];
    const refused: string[] = [];
    let running = true;
    const publisher = async (name: number) => {
      for (let count = 0; running; count++) {
        const title = `p${name}-${count}`;
        const status = await post(server?.url ?? '', service, title).then(
          (response) => response.status,
          () => 0,
        );
        if (status === 201) accepted.push(title);
        else if (status > 0) refused.push(title);
        else await delay(20);
      }
    };
    const publishers = Array.from({ length: 16 }, (_, name) => publisher(name));
    for (let kill = 0; kill < 3; kill++) {
      await delay(100 + Math.random() * 300);
      await server.kill();
      server = await startServer({}, server.dataDir);
    }
    await expect.poll(() => accepted.length, { timeout: 30_000 }).toBeGreaterThan(50);
    running = false;
    await Promise.all(publishers);
    const stored = await server.database.query<{ title: string }>('select title from notification');
    const titles = new Set(stored.rows.map(({ title }) => title));
    expect(accepted.filter((title) => !titles.has(title))).toEqual([]);
    expect(refused.filter((title) => titles.has(title))).toEqual([]);
  }, 120_000);
});
