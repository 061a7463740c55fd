/**
 * One POST to 100,000 devices: from the request to the last outcome durable in the log, with sink, PostgreSQL and
 * server on the same machine. The peer is the same pipeline on `node:http2`. The last line is JSON.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ServerProcess, startServer } from '@tocsin/server/testing';
import { apnsSettings } from '../server/apple.ts';
import { cpuMicros, rssMiB } from '../server/usage.ts';
import { startSink } from '../sink/start.ts';

const DEVICES = 100_000;
const ROUNDS = 3;
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CACHE = join(ROOT, '.cache', 'bench');

interface Reading {
  readonly perSecond: number;
  readonly serverMicros: number;
  readonly rssMiB: number;
}

async function seed(server: ServerProcess): Promise<string> {
  const { rows } = await server.database.query<{ id: string }>('select id from service limit 1');
  const service = rows[0]?.id ?? '';
  await server.database.query(
    `with people as (insert into user_account (username) select 'bench' || n from generate_series(1, $2::int) n returning id),
     subscribed as (insert into subscription (service_id, user_id) select $1, id from people)
     insert into device (user_id, kind, address, app) select id, 'apns', '0' || substr(encode(sha256(id::text::bytea), 'hex'), 2), 'bench' from people`,
    [service, DEVICES],
  );
  await server.database.query('analyze');
  return service;
}

async function publishOnce(server: ServerProcess, service: string): Promise<Reading> {
  const cpu = cpuMicros(server.pid);
  const started = performance.now();
  const response = await fetch(`${server.url}/api/v3/services/${service}/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      title: 'Beam lost',
      body: 'Vacuum interlock in sector 7, pump 3. Operator on call is informed.',
    }),
  });
  if (response.status !== 201) throw new Error(`the server answered ${response.status}`);
  const { id } = (await response.json()) as { id: number };
  for (;;) {
    await delay(50);
    const { rows } = await server.database.query('select 1 from chunk limit 1');
    if (rows.length === 0) break;
  }
  const seconds = (performance.now() - started) / 1_000;
  const { rows } = await server.database.query<{ logged: string }>(
    'select count(distinct device_id) as logged from delivery_event where notification_id = $1 and event = 1',
    [id],
  );
  if (Number(rows[0]?.logged) !== DEVICES)
    throw new Error(`only ${rows[0]?.logged} of ${DEVICES} are in the log`);
  return {
    perSecond: DEVICES / seconds,
    serverMicros: (cpuMicros(server.pid) - cpu) / DEVICES,
    rssMiB: rssMiB(server.pid),
  };
}

async function measure(client: 'core' | 'node'): Promise<Reading> {
  const sink = await startSink(join(ROOT, 'bench', 'sink', 'sink.c'), CACHE);
  const server = await startServer({ ...apnsSettings(CACHE, sink.port, sink.caFile), HTTP2_CLIENT: client });
  try {
    const service = await seed(server);
    const readings: Reading[] = [];
    for (let round = 0; round < ROUNDS; round++) readings.push(await publishOnce(server, service));
    readings.sort((a, b) => a.perSecond - b.perSecond);
    return readings[ROUNDS >> 1] as Reading;
  } finally {
    await server.stop();
    sink.stop();
  }
}

const ours = await measure('core');
const node = await measure('node');
console.log('pipeline          durable deliveries/s   server CPU µs/delivery   server RSS MiB');
for (const [name, { perSecond, serverMicros, rssMiB: rss }] of [
  ['ours', ours],
  ['on node:http2', node],
] as const) {
  console.log(
    `${name.padEnd(18)}${perSecond.toFixed(0).padStart(20)}${serverMicros.toFixed(1).padStart(25)}${rss.toFixed(0).padStart(17)}`,
  );
}
console.log(
  JSON.stringify({
    name: 'fanout',
    unit: 'durable deliveries/s',
    ours: Math.round(ours.perSecond),
    peers: { 'node:http2': Math.round(node.perSecond) },
    ratio: Number((ours.perSecond / node.perSecond).toFixed(2)),
  }),
);
