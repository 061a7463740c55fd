/**
 * What does one push cost the sender? Ours, node:http2, an npm APNs client and h2load send the same requests to
 * the same sink. Runs alternate, and the median of each is taken; the last line is JSON.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSink } from '../sink/start.ts';
import { checkH2load, installNodeApn, measureH2load, measureNode, type Reading } from './measure.ts';
import type { Workload } from './workload.ts';

const ROUNDS = 5;
const CONNECTIONS = 1;
const STREAMS = 1_000;
/** From `bench/dist/send/` up to the repository. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CACHE = join(ROOT, '.cache', 'bench');

interface Contender {
  readonly name: string;
  /** Throws when this peer cannot be had here. */
  prepare(): void;
  measure(workload: Workload): Promise<Reading>;
}

const nothing = () => undefined;

const CONTENDERS: readonly Contender[] = [
  { name: 'ours', prepare: nothing, measure: (w) => measureNode('ours', 30_000, 150_000, w) },
  { name: 'node:http2', prepare: nothing, measure: (w) => measureNode('node:http2', 4_000, 12_000, w) },
  {
    name: '@parse/node-apn',
    prepare: () => installNodeApn(CACHE),
    measure: (w) => measureNode('@parse/node-apn', 3_000, 8_000, w),
  },
  { name: 'h2load', prepare: checkH2load, measure: (w) => measureH2load(150_000, w) },
];

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The contenders that can run here; says which cannot, and why. */
function available(): Contender[] {
  return CONTENDERS.filter((contender) => {
    try {
      contender.prepare();
      return true;
    } catch (error) {
      console.log(`${contender.name} left out: ${error instanceof Error ? error.message : error}`);
      return false;
    }
  });
}

async function measureAll(contenders: readonly Contender[]): Promise<Map<string, Reading[]>> {
  const sink = await startSink(join(ROOT, 'bench', 'sink', 'sink.c'), CACHE);
  const workload: Workload = {
    port: sink.port,
    caFile: sink.caFile,
    cacheFolder: CACHE,
    connections: CONNECTIONS,
    streams: STREAMS,
  };
  const readings = new Map<string, Reading[]>(contenders.map(({ name }) => [name, []]));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const { name, measure } of contenders) readings.get(name)?.push(await measure(workload));
    }
  } finally {
    sink.stop();
  }
  return readings;
}

function report(readings: ReadonlyMap<string, readonly Reading[]>): void {
  const cost: Record<string, number> = {};
  console.log('client            CPU µs/request (min–max)     requests/s');
  for (const [name, runs] of readings) {
    const costs = runs.map(({ cpuMicros }) => cpuMicros);
    cost[name] = Number(median(costs).toFixed(2));
    const range = `${cost[name]} (${Math.min(...costs).toFixed(2)}–${Math.max(...costs).toFixed(2)})`;
    const rate = Math.round(median(runs.map(({ requestsPerSecond }) => requestsPerSecond)));
    console.log(`${name.padEnd(17)} ${range.padEnd(28)} ${rate}`);
  }
  const { ours = Number.NaN, ...peers } = cost;
  const ratio = Number(((peers['node:http2'] ?? Number.NaN) / ours).toFixed(1));
  console.log(JSON.stringify({ name: 'send', unit: 'cpu-us/request', ours, peers, ratio }));
}

report(await measureAll(available()));
