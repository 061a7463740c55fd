/** A whole server in this process, on a database that is given: more than one of them are nodes. */
import { pino } from 'pino';
import { type App, createApp, type Ports } from '../src/app.ts';
import { type Config, ROLES } from '../src/config.ts';
import type { Clock } from '../src/lib/clock.ts';
import { SETTINGS } from '../src/settings.ts';
import type { Database } from '../src/store/database.ts';
import { createSecrets } from '../src/store/secret.ts';
import { testSealer } from './sealer.ts';

export interface Node {
  readonly app: App;
  readonly ports: Ports;
  readonly origin: string;
  /** What it warned of. */
  readonly warnings: readonly { readonly msg: string; readonly reason?: string }[];
}

interface Given {
  readonly settings?: Readonly<Record<string, string>>;
  readonly files?: Config['files'];
  readonly clock?: Clock;
  readonly node?: string;
}

export const ADMIN_PASSWORD = 'for tests only';

export async function startNode(database: Database, given: Given = {}): Promise<Node> {
  const warnings: { msg: string; reason?: string }[] = [];
  const config: Config = {
    ...SETTINGS.parse({
      HOST: '127.0.0.1',
      PORT: '0',
      MQTT_PORT: '0',
      MQTTS_PORT: '0',
      TOCSIN_ADMIN_PASSWORD: ADMIN_PASSWORD,
      ...given.settings,
    }),
    roles: new Set(ROLES),
    node: given.node ?? 'here',
    dataDir: '',
    keyFile: '',
    files: given.files ?? {},
  };
  const app = await createApp({
    config,
    database,
    secrets: createSecrets(database, testSealer()),
    clock: given.clock ?? Date.now,
    random: Math.random,
    log: pino({ level: 'warn' }, { write: (line: string) => void warnings.push(JSON.parse(line)) }),
  });
  const ports = await app.start();
  const scheme = config.files.TLS_CERT_FILE === undefined ? 'http' : 'https';
  return { app, ports, origin: `${scheme}://localhost:${ports.httpPort}`, warnings };
}
