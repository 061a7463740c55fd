/** Backup taken under load restores to a server with the same data. Every program here is a process of its own. */
import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ADMIN_PASSWORD, type ServerProcess, startServer } from '@tocsin/server/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seedCrowd } from './crowd.ts';
import { type Providers, startProviders } from './providers.ts';
import { type Ran, tocsin } from './tocsin.ts';

const DEVICES = 240;
/** Of them wait at the broker. */
const MQTT_DEVICES = 2;
const MAINTENANCE = fileURLToPath(new URL('../apps/server/dist/src/maintain.js', import.meta.url));

let providers: Providers;
let server: ServerProcess | null = null;
let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-e2e-backup-'));
  providers = await startProviders();
});
afterEach(async () => {
  await server?.stop();
  await providers.close();
  rmSync(directory, { recursive: true, force: true });
});

const post = (url: string, service: string, title: string) =>
  fetch(`${url}/api/v2/services/${service}/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title }),
  });

async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/v3/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD }),
  });
  return ((await answer.json()) as { token: string }).token;
}

interface Publishers {
  /** Titles that were answered 201. */
  readonly accepted: string[];
  stop(): Promise<void>;
}

function publishAllTheTime(url: string, service: string): Publishers {
  const accepted: string[] = [];
  let running = true;
  const publisher = async (name: number) => {
    for (let count = 0; running; count++) {
      const title = `p${name}-${count}`;
      if ((await post(url, service, title)).status === 201) accepted.push(title);
      await delay(50);
    }
  };
  const publishers = [0, 1, 2, 3].map(publisher);
  return {
    accepted,
    async stop() {
      running = false;
      await Promise.all(publishers);
    },
  };
}

/** The rows of each table, sorted, out of a backup that `tar` unpacks. */
function rowsIn(file: string): Record<string, string[]> {
  const unpacked = mkdtempSync(join(directory, 'unpacked-'));
  execFileSync('tar', ['xzf', file, '-C', unpacked]);
  const tables = join(unpacked, 'tables');
  const partsOf = (table: string) => readdirSync(join(tables, table)).sort();
  const textOf = (table: string) =>
    partsOf(table).map((part) => readFileSync(join(tables, table, part), 'utf8'));
  return Object.fromEntries(
    readdirSync(tables).map((table) => [table, textOf(table).join('').trimEnd().split('\n').sort()]),
  );
}

const count = async ({ database }: ServerProcess, statement: string) =>
  (await database.query<{ count: number }>(`select count(*)::int as count from ${statement}`)).rows[0]?.count;

async function expectConsistent(restored: ServerProcess): Promise<void> {
  const unknown = 'where not exists (select from notification n where n.id = t.notification_id)';
  for (const table of ['inbox', 'delivery_event', 'chunk', 'retry', 'mqtt_outbox'])
    expect(await count(restored, `${table} t ${unknown}`)).toBe(0);
}

/** What waited in the queue at that moment goes out, until every device of every notification stands in the log. */
async function expectAllDelivered(restored: ServerProcess): Promise<void> {
  const waiting = () => count(restored, '(select 1 from chunk union all select 1 from retry) t');
  await expect.poll(waiting, { timeout: 60_000, interval: 200 }).toBe(0);
  const missing = `notification n where (select count(distinct device_id) from delivery_event e
    where e.notification_id = n.id and e.event = 1) < ${DEVICES}`;
  expect(await count(restored, missing)).toBe(0);
}

/** Backing up and restoring stand in the audit log themselves. */
const isOfTheServer = (row: string) => !/\tbackup\.(?:take|restore)\t/.test(row);
const expectDone = (ran: Ran) => expect({ code: ran.code, errors: ran.errors }).toMatchObject({ code: 0 });

describe('a backup taken while publishers post', () => {
  it('restores to a server with the same logins, subscriptions, queue and log', async () => {
    server = await startServer(providers.settings);
    const { service } = await seedCrowd(server, providers, DEVICES);
    const token = await signIn(server.url);
    const publishers = publishAllTheTime(server.url, service);
    await expect.poll(() => publishers.accepted.length, { timeout: 30_000 }).toBeGreaterThan(50);

    const file = join(directory, 'all.tar.gz');
    const acceptedBefore = [...publishers.accepted];
    expectDone(await tocsin(['backup', file], { TOCSIN_DATA_DIR: server.dataDir }));
    await expect.poll(() => publishers.accepted.length).toBeGreaterThan(acceptedBefore.length + 10);
    await publishers.stop();
    const keyFile = join(directory, 'kept.key');
    copyFileSync(join(server.dataDir, 'secret.key'), keyFile);
    await server.stop();

    const dataDir = join(directory, 'data');
    const settings = { TOCSIN_DATA_DIR: dataDir, TOCSIN_KEY_FILE: keyFile };
    expectDone(await tocsin(['restore', file], settings));
    const again = join(directory, 'again.tar.gz');
    expectDone(await tocsin(['backup', again], settings));
    const [saved, restored] = [rowsIn(file), rowsIn(again)];
    // Leases were ended; of the rest nothing differs.
    expect(restored.chunk?.length).toBe(saved.chunk?.length);
    for (const table of Object.keys(saved).filter((name) => name !== 'chunk' && name !== 'retry'))
      expect({ table, rows: restored[table]?.filter(isOfTheServer) }).toEqual({
        table,
        rows: saved[table]?.filter(isOfTheServer),
      });

    server = await startServer({ ...providers.settings, ...settings }, dataDir);
    const { rows } = await server.database.query<{ title: string }>('select title from notification');
    expect(rows.map(({ title }) => title)).toEqual(expect.arrayContaining(acceptedBefore));
    await expectConsistent(server);
    const login = { headers: { authorization: `Bearer ${token}` } };
    expect((await fetch(`${server.url}/api/v3/inbox`, login)).status).toBe(200);
    expect((await post(server.url, service, 'after the restore')).status).toBe(201);
    await expectAllDelivered(server);
    expect(await count(server, 'mqtt_outbox')).toBe(MQTT_DEVICES * (rows.length + 1));
  }, 180_000);
});

describe('a running server', () => {
  it('goes on when its key is changed, and does not start without it', async () => {
    server = await startServer(providers.settings);
    const { service } = await seedCrowd(server, providers, DEVICES);
    const token = await signIn(server.url);
    const settings = { TOCSIN_DATA_DIR: server.dataDir };
    const ran = await tocsin(['rotate-key', '--json'], settings);
    expectDone(ran);
    expect((await post(server.url, service, 'after the rotation')).status).toBe(201);
    await expectAllDelivered(server);
    await server.stop(true);

    const keyFile = join(server.dataDir, 'secret.key');
    const [kept, { keyId }] = [readFileSync(keyFile), JSON.parse(ran.output)];
    rmSync(keyFile);
    await expect(startServer(providers.settings, server.dataDir)).rejects.toThrow(
      `code 78: Tocsin could not start: TOCSIN_KEY_FILE: the secrets in the database are sealed with the key ${keyId}`,
    );
    expect(existsSync(keyFile)).toBe(false);
    writeFileSync(keyFile, kept, { mode: 0o644 });
    server = await startServer(providers.settings, server.dataDir);
    expect(server.log()).toContain('can be read by others');
    const login = { headers: { authorization: `Bearer ${token}` } };
    expect((await fetch(`${server.url}/api/v3/inbox`, login)).status).toBe(200);
  }, 120_000);
});

describe('kill -9 of a backup', () => {
  it('leaves no file of that name, and the next one succeeds', async () => {
    server = await startServer();
    await server.database.query(
      `insert into user_account (username) select encode(sha256(n::text::bytea), 'hex') from generate_series(1, 150000) n`,
    );
    const file = join(directory, 'all.tar.gz');
    const settings = { TOCSIN_DATA_DIR: server.dataDir };
    const env = { PATH: process.env.PATH, ...settings };
    const backup = spawn(process.execPath, [MAINTENANCE, 'backup', file], { cwd: directory, env });
    const ended = new Promise((resolve) => backup.once('exit', (_code, signal) => resolve(signal)));
    await expect.poll(() => readdirSync(directory), { timeout: 30_000, interval: 2 }).toHaveLength(1);
    backup.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    expect(readdirSync(directory)).toEqual([expect.stringMatching(/^all\.tar\.gz\.partial-\d+$/)]);
    expectDone(await tocsin(['backup', file, '--with-key'], settings));
    const again = await tocsin(['backup', file], settings);
    expect(again).toMatchObject({ code: 1, errors: expect.stringContaining('exists already') });
  }, 120_000);
});
