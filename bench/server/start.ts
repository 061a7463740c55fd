/** Starts the real server, with its embedded database, as its own process for a benchmark. */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export interface BenchServer {
  readonly url: string;
  readonly pid: number;
  readonly database: pg.Client;
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../../apps/server/dist/src/main.js', import.meta.url));
const START_PATIENCE_MS = 60_000;

/** `environment` is added to a minimal one. */
export async function startServer(environment: Record<string, string>): Promise<BenchServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tocsin-bench-'));
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      TOCSIN_DATA_DIR: dataDir,
      PORT: '0',
      MQTT_PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'error',
      TOCSIN_ADMIN_PASSWORD: 'benchmark only',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await firstUrl(child);
  const socket = join(dataDir, 'postgres', 'socket');
  const database = new pg.Client({ host: socket, port: 5432, user: 'postgres', database: 'tocsin' });
  await database.connect();
  return {
    url,
    pid: child.pid ?? 0,
    database,
    async stop() {
      await database.end();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await Promise.race([ended, delay(20_000, undefined, { ref: false })]);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function firstUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const late = setTimeout(() => reject(new Error('the server did not start in time')), START_PATIENCE_MS);
    child.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const url = /http:\/\/localhost:\d+/.exec(output)?.[0];
      if (!url) return;
      clearTimeout(late);
      resolve(url.replace('localhost', '127.0.0.1'));
    });
  });
}

/** An Apple key of our own making, and the settings that use it against a sink. */
export function apnsSettings(cacheFolder: string, port: number, caFile: string): Record<string, string> {
  const keyFile = join(cacheFolder, 'bench.p8');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return {
    APNS_KEY_FILE: keyFile,
    APNS_KEY_ID: 'BENCHKEY01',
    APNS_TEAM_ID: 'BENCHTEAM1',
    APNS_TOPIC: 'example.bench',
    APNS_URL: `https://localhost:${port}`,
    APNS_CA_FILE: caFile,
  };
}

/** CPU a process used so far, µs: proc(5) stat, fields 14 and 15, in ticks of 10 ms. */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
