/** Starts the built server, with its embedded database, as a process of its own: for end-to-end tests and benchmarks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  readonly mqttPort: number | null;
  readonly dataDir: string;
  /** What it says to whoever started it. */
  readonly welcome: string;
  readonly database: pg.Client;
  /** What it wrote to stderr so far. */
  log(): string;
  /** SIGKILL, and nothing else: the data stays. */
  kill(): Promise<void>;
  /** Orderly end. `keepData` for another start. */
  stop(keepData?: boolean): Promise<void>;
}

/** The built program, the same one `npm start` runs. Tests run this file from the sources, benchmarks from `dist`. */
const MAIN = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../dist/src/main.js' : '../src/main.js', import.meta.url),
);
const START_PATIENCE_MS = 60_000;
const STOP_PATIENCE_MS = 30_000;
const RECOVERY_POLL_MS = 200;

export const ADMIN_PASSWORD = 'for tests only';

/** `environment` is added to a minimal one; `dataDir` continues where another process ended. */
export async function startServer(
  environment: Record<string, string> = {},
  dataDir = mkdtempSync(join(tmpdir(), 'tocsin-server-')),
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [MAIN], {
    cwd: dataDir,
    env: {
      PATH: process.env.PATH,
      TOCSIN_DATA_DIR: dataDir,
      PORT: '0',
      MQTT_PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      TOCSIN_ADMIN_PASSWORD: ADMIN_PASSWORD,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const { url, mqttPort, welcome } = await firstWords(child, () => errors);
  const database = await connectTo(dataDir, environment.DATABASE_URL);
  return {
    url,
    mqttPort,
    welcome,
    dataDir,
    database,
    pid: child.pid ?? 0,
    log: () => errors,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop(keepData = false) {
      await database.end().catch(() => undefined);
      child.kill('SIGTERM');
      await Promise.race([ended, delay(STOP_PATIENCE_MS, undefined, { ref: false })]);
      if (!keepData) rmSync(dataDir, { recursive: true, force: true });
      refuseSecrets(errors);
    },
  };
}

/** What no log may hold, whatever a test was about: logins, keys, the administrator's password. */
const SECRETS = [/eyJ[\w-]{10,}\.eyJ[\w-]{10,}/, /\bt[sp]k_[\w-]{43}/, new RegExp(ADMIN_PASSWORD)];

function refuseSecrets(log: string): void {
  const line = log.split('\n').find((one) => SECRETS.some((secret) => secret.test(one)));
  if (line !== undefined) throw new Error(`a secret is in the log: ${line}`);
}

/** Of the embedded database of a server: for another node on the same one. */
export function databaseUrl({ dataDir }: Pick<ServerProcess, 'dataDir'>): string {
  const host = encodeURIComponent(join(dataDir, 'postgres', 'socket'));
  return `postgresql://postgres@localhost/tocsin?host=${host}`;
}

/** To the database of a server that runs in `dataDir`, or at `url`; waits while it recovers from a crash. */
export async function connectTo(dataDir: string, url?: string): Promise<pg.Client> {
  const connectionString = url ?? databaseUrl({ dataDir });
  for (let waited = 0; ; waited += RECOVERY_POLL_MS) {
    const client = new pg.Client({ connectionString });
    // Killing the server takes its database along; whoever asks next hears of it.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (waited >= START_PATIENCE_MS) throw error;
      await delay(RECOVERY_POLL_MS);
    }
  }
}

function firstWords(
  child: ChildProcess,
  errors: () => string,
): Promise<Pick<ServerProcess, 'url' | 'mqttPort' | 'welcome'>> {
  return new Promise((resolve, reject) => {
    let output = '';
    const late = setTimeout(
      () => reject(new Error(`the server did not start in time: ${errors()}`)),
      START_PATIENCE_MS,
    );
    child.once('exit', (code) => reject(new Error(`the server ended with code ${code}: ${errors()}`)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const [, scheme, port] = /(https?):\/\/localhost:(\d+)/.exec(output) ?? [];
      if (port === undefined || !output.includes('curl')) return;
      clearTimeout(late);
      const mqtt = /mqtt:\/\/localhost:(\d+)/.exec(output)?.[1];
      const mqttPort = mqtt === undefined ? null : Number(mqtt);
      resolve({ url: `${scheme}://127.0.0.1:${port}`, mqttPort, welcome: output });
    });
  });
}
