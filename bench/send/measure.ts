import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { apnsIdOf, BODY, HEADERS, tokenOf, type Workload } from './workload.ts';

const run = promisify(execFile);
const NODE_APN = '@parse/node-apn@8.1.0';

export interface Reading {
  /** CPU of the client's process, user and system, in microseconds per request. */
  readonly cpuMicros: number;
  readonly requestsPerSecond: number;
}

/** Runs one of our Node clients in a child process; only the part after the warm-up is counted. */
export async function measureNode(
  name: string,
  warmUp: number,
  requests: number,
  workload: Workload,
): Promise<Reading> {
  const worker = fileURLToPath(new URL('./worker.js', import.meta.url));
  const args = [worker, name, String(warmUp), String(requests), JSON.stringify(workload)];
  const { stdout } = await run(process.execPath, args);
  const result = JSON.parse(stdout) as { cpuMicros: number; milliseconds: number; accepted: number };
  if (result.accepted !== requests) throw new Error(`${name}: ${result.accepted} of ${requests} accepted`);
  return {
    cpuMicros: result.cpuMicros / requests,
    requestsPerSecond: (requests / result.milliseconds) * 1_000,
  };
}

/** Runs h2load (C, nghttp2) with the same requests; its CPU is what the shell's `time` says. */
export async function measureH2load(requests: number, workload: Workload): Promise<Reading> {
  const { cacheFolder, port, connections, streams } = workload;
  const bodyFile = join(cacheFolder, 'body.json');
  const urlFile = join(cacheFolder, 'urls.txt');
  writeFileSync(bodyFile, BODY);
  const url = (index: number) => `https://localhost:${port}/3/device/${tokenOf(index)}`;
  writeFileSync(urlFile, Array.from({ length: 4_096 }, (_, index) => url(index)).join('\n'));
  const headers = [...HEADERS, ['apns-id', apnsIdOf(0)] as const].flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ]);
  const counts = ['-n', String(requests), '-c', String(connections), '-m', String(streams)];
  const args = [...counts, ...headers, '-d', bodyFile, '-i', urlFile];
  const script = 'TIMEFORMAT="%U %S"; time h2load "$@"';
  const { stdout, stderr } = await run('bash', ['-c', script, 'h2load', ...args], { maxBuffer: 1 << 24 });
  if (!stdout.includes(`${requests} 2xx`)) throw new Error('h2load: not every request was accepted');
  const [user = 0, system = 0] = stderr.trim().split(/\s+/).slice(-2).map(Number);
  const rate = /([\d.]+) req\/s/.exec(stdout);
  return { cpuMicros: ((user + system) * 1e6) / requests, requestsPerSecond: Number(rate?.[1] ?? 0) };
}

/** Throws when `h2load` is not installed. */
export function checkH2load(): void {
  execFileSync('h2load', ['--version'], { stdio: 'pipe' });
}

/** Installs the npm peer into the cache on first use; throws when that is not possible. */
export function installNodeApn(cacheFolder: string): void {
  if (existsSync(join(cacheFolder, 'node_modules', '@parse', 'node-apn'))) return;
  mkdirSync(cacheFolder, { recursive: true });
  const options = ['--no-save', '--no-audit', '--no-fund', '--prefix', cacheFolder];
  execFileSync('npm', ['install', ...options, NODE_APN], { stdio: 'pipe' });
}
