/** Starts the server with the roles it was given, and says where to open it. */
import { fileURLToPath } from 'node:url';
import { type Logger, pino } from 'pino';
import { createApp } from './app.ts';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { migrate } from './database/migrate.ts';
import { startEmbedded } from './database/supervise.ts';
import { isOpenToOthers, KeyFileUnusable } from './lib/key-file.ts';
import { type Database, openDatabase } from './store/database.ts';
import { KeyMissing, openSealer } from './store/sealed.ts';
import { createSecrets } from './store/secret.ts';
import { welcome } from './welcome.ts';

/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;
const MIGRATIONS = fileURLToPath(new URL('../../sql', import.meta.url));
const CONNECTIONS = 20;
const CONNECT_TIMEOUT_MS = 3_000;

function readConfig(): Config {
  try {
    return loadConfig(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

async function connect(config: Config, log: Logger) {
  if (config.DATABASE_URL)
    return { connection: { connectionString: config.DATABASE_URL }, stop: async () => undefined };
  // PostgreSQL names its own levels; LOG is what it says in a healthy life.
  const told = (line: string) =>
    /^(?:LOG|DEBUG\d?|INFO|NOTICE|HINT):/.test(line)
      ? log.debug({ from: 'postgres' }, line)
      : log.warn({ from: 'postgres' }, line);
  return startEmbedded({ dataDir: config.dataDir, log: told });
}

async function openSecrets(database: Database, file: string, log: Logger) {
  const sealer = await openSealer(database, file);
  if (isOpenToOthers(file)) log.warn({ file }, 'the key file can be read by others: chmod 600');
  return createSecrets(database, sealer);
}

async function main(): Promise<void> {
  const config = readConfig();
  // Logs go to stderr, so that what a newcomer has to read stands alone on stdout.
  const log = pino({ level: config.LOG_LEVEL }, pino.destination(2));
  const embedded = await connect(config, log);
  const applied = await migrate(embedded.connection, MIGRATIONS);
  if (applied.length > 0) log.info({ applied }, 'database migrated');
  const connection = { ...embedded.connection, connectionTimeoutMillis: CONNECT_TIMEOUT_MS };
  const database = openDatabase(
    connection,
    (error) => log.warn({ err: error.message }, 'database connection lost'),
    CONNECTIONS,
  );
  const secrets = await openSecrets(database, config.keyFile, log);
  const app = await createApp({ config, database, secrets, clock: Date.now, random: Math.random, log });
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    await app.stop();
    await database.close();
    await embedded.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  if (config.TLS_CERT_FILE) process.on('SIGHUP', () => app.lookForCertificate());
  const ports = await app.start();
  if (ports.httpPort !== null)
    process.stdout.write(await welcome({ config, database, ports, firstAdmin: app.firstAdmin }));
}

main().catch((error: Error) => {
  process.stderr.write(`Tocsin could not start: ${error.message}\n`);
  process.exit(error instanceof KeyMissing || error instanceof KeyFileUnusable ? EXIT_CONFIG : 1);
});
