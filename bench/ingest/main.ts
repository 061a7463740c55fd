/**
 * Durable POST/s over HTTP/1.1 with 256 connections, h2load as the clients. The floor it is held against is the
 * same requests one at a time, each waiting for its own commit. The last line is JSON.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type ServerProcess, startServer } from '@tocsin/server/testing';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CACHE = join(ROOT, '.cache', 'bench');
const ROUNDS = 3;

async function post(
  server: ServerProcess,
  service: string,
  requests: number,
  connections: number,
): Promise<number> {
  const body = join(CACHE, 'ingest.json');
  writeFileSync(
    body,
    JSON.stringify({ title: 'Beam lost', subtitle: 'Vacuum interlock in sector 7', url: '' }),
  );
  const target = `${server.url}/api/v2/services/${service}/notifications`;
  const args = [
    '--h1',
    '-n',
    String(requests),
    '-c',
    String(connections),
    '-t',
    '1',
    '-d',
    body,
    '-H',
    'content-type: application/json',
    target,
  ];
  const { stdout } = await promisify(execFile)('h2load', args, { maxBuffer: 1 << 24 });
  const rate = Number(/finished in [^,]+, ([\d.]+) req\/s/.exec(stdout)?.[1]);
  const accepted = Number(/status codes: (\d+) 2xx/.exec(stdout)?.[1]);
  if (accepted !== requests) throw new Error(`only ${accepted} of ${requests} were accepted:\n${stdout}`);
  return rate;
}

async function stored(server: ServerProcess): Promise<number> {
  const { rows } = await server.database.query<{ count: string }>('select count(*) from notification');
  return Number(rows[0]?.count);
}

const server = await startServer({});
try {
  const { rows } = await server.database.query<{ id: string }>('select id from service limit 1');
  const service = rows[0]?.id ?? '';
  await post(server, service, 20_000, 256);
  const rates: number[] = [];
  const alone: number[] = [];
  const before = await stored(server);
  for (let round = 0; round < ROUNDS; round++) {
    rates.push(await post(server, service, 40_000, 256));
    alone.push(await post(server, service, 2_000, 1));
  }
  const expected = ROUNDS * 42_000;
  if ((await stored(server)) - before !== expected)
    throw new Error('not everything that was accepted is in the database');
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  const [together, single] = [median(rates), median(alone)];
  console.log('connections   durable POST/s');
  console.log(`256           ${together.toFixed(0)}`);
  console.log(`1             ${single.toFixed(0)}`);
  const ratio = Number((together / single).toFixed(2));
  console.log(
    JSON.stringify({
      name: 'ingest',
      unit: 'durable POST/s',
      ours: Math.round(together),
      peers: { 'one connection': Math.round(single) },
      ratio,
    }),
  );
} finally {
  await server.stop();
}
