/** The promise of the whole: what was answered 201 reaches every device, whatever is killed in between. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ServerProcess, startServer } from '@tocsin/server/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type Providers, startProviders } from './providers.ts';

const DEVICES = Number(process.env.TOCSIN_CRASH_DEVICES ?? 12_000);
const KILLS = Number(process.env.TOCSIN_CRASH_KILLS ?? 3);
/** Chunks under way at full speed × users in a chunk (fanout/worker.ts, queue/chunk.ts). */
const WINDOW = 4 * 500;

let server: ServerProcess | null = null;
let providers: Providers | null = null;
afterEach(async () => {
  await server?.stop();
  await providers?.close();
});

async function seed(process: ServerProcess): Promise<string> {
  const { rows } = await process.database.query<{ id: string }>('select id from service');
  const service = rows[0]?.id ?? '';
  await process.database.query(
    `with people as (insert into user_account (username) select 'crash' || n from generate_series(1, $2::int) n returning id),
     subscribed as (insert into subscription (service_id, user_id) select $1, id from people)
     insert into device (user_id, kind, address, app)
     select id, case id % 2 when 0 then 'apns' else 'fcm' end, encode(sha256(id::text::bytea), 'hex'), 'crash' from people`,
    [service, DEVICES],
  );
  return service;
}

const post = (url: string, service: string, title: string) =>
  fetch(`${url}/api/v2/services/${service}/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title }),
  });

function sum(peers: Providers): { devices: number; requests: number } {
  const counts = [...peers.apns.accepted.values(), ...peers.fcm.accepted.values()];
  return { devices: counts.length, requests: counts.reduce((all, count) => all + count, 0) };
}

async function untilEverybodyHasIt(peers: Providers): Promise<void> {
  await expect.poll(() => sum(peers).devices, { timeout: 120_000, interval: 200 }).toBe(DEVICES);
}

function expectOneIdentityEach(peers: Providers): void {
  const identities = [...peers.apns.collapseIds.values(), ...peers.fcm.tags.values()];
  expect(identities.filter((one) => one.size !== 1)).toEqual([]);
}

describe('kill -9 in the middle of a fan-out', () => {
  it('of the server: every device has it after the restart, repeats stay within a window and replace', async () => {
    providers = await startProviders(false);
    server = await startServer(providers.settings);
    const service = await seed(server);
    expect((await post(server.url, service, 'Beam lost')).status).toBe(201);
    for (let kill = 0; kill < KILLS; kill++) {
      const target = Math.floor(((kill + Math.random()) * DEVICES) / (KILLS + 1));
      await expect
        .poll(() => sum(providers as Providers).devices, { timeout: 60_000, interval: 5 })
        .toBeGreaterThan(target);
      await server.kill();
      server = await startServer(providers.settings, server.dataDir);
    }
    await untilEverybodyHasIt(providers);
    const { devices, requests } = sum(providers);
    expect(requests - devices).toBeLessThanOrEqual(KILLS * WINDOW);
    expectOneIdentityEach(providers);
    await expect
      .poll(
        async () =>
          (
            await server?.database.query(
              'select count(distinct device_id)::int as logged from delivery_event',
            )
          )?.rows[0]?.logged,
        { timeout: 60_000 },
      )
      .toBe(DEVICES);
  }, 240_000);

  it('of PostgreSQL: it comes back by itself and everybody has it', async () => {
    providers = await startProviders(false);
    server = await startServer(providers.settings);
    const service = await seed(server);
    expect((await post(server.url, service, 'Beam lost')).status).toBe(201);
    await expect
      .poll(() => sum(providers as Providers).devices, { timeout: 60_000, interval: 5 })
      .toBeGreaterThan(DEVICES / 4);
    const pidFile = readFileSync(join(server.dataDir, 'postgres', 'postmaster.pid'), 'utf8');
    process.kill(Number(pidFile.split('\n')[0]), 'SIGKILL');
    await untilEverybodyHasIt(providers);
    const { devices, requests } = sum(providers);
    expect(requests - devices).toBeLessThanOrEqual(2 * WINDOW);
    expectOneIdentityEach(providers);
  }, 240_000);
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
    await delay(200);
    running = false;
    await Promise.all(publishers);
    const stored = await server.database.query<{ title: string }>('select title from notification');
    const titles = new Set(stored.rows.map(({ title }) => title));
    expect(accepted.length).toBeGreaterThan(50);
    expect(accepted.filter((title) => !titles.has(title))).toEqual([]);
    expect(refused.filter((title) => titles.has(title))).toEqual([]);
  }, 120_000);
});
