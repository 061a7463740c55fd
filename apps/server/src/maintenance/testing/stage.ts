/** A database full of everything, and the ways between it, a file and an empty database. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { device, service, subscribe, user } from '../../../test/builders.ts';
import {
  type EmptyDatabase,
  emptyDatabase,
  type TestDatabase,
  testDatabase,
} from '../../../test/database.ts';
import type { Database } from '../../store/database.ts';
import { openSealer } from '../../store/sealed.ts';
import { createSecrets } from '../../store/secret.ts';
import { type BackupOptions, type BackupReport, backUp } from '../backup.ts';
import { type RestoreOptions, type RestoreReport, restore } from '../restore.ts';

export const SQL = fileURLToPath(new URL('../../../sql', import.meta.url));

export interface Stage {
  readonly source: TestDatabase;
  readonly directory: string;
  readonly file: string;
  readonly keyFile: string;
  backUp(given?: Partial<BackupOptions>): Promise<BackupReport>;
  empty(): Promise<EmptyDatabase>;
  restoreInto(target: EmptyDatabase | TestDatabase, given?: Partial<RestoreOptions>): Promise<RestoreReport>;
  close(): Promise<void>;
}

export async function createStage(): Promise<Stage> {
  const source = await testDatabase();
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-backup-'));
  const [file, keyFile] = [join(directory, 'all.tar.gz'), join(directory, 'secret.key')];
  const targets: EmptyDatabase[] = [];
  await fill(source.database, keyFile);
  return {
    source,
    directory,
    file,
    keyFile,
    backUp: (given = {}) =>
      backUp({
        connection: source.connection,
        file,
        keyFile,
        withKey: false,
        now: Date.UTC(2026, 10, 24),
        signal: new AbortController().signal,
        onProgress: () => undefined,
        ...given,
      }),
    async empty() {
      const target = await emptyDatabase();
      targets.push(target);
      return target;
    },
    restoreInto: ({ connection }, given = {}) =>
      restore({
        file,
        keyFile,
        withoutSecrets: false,
        migrations: SQL,
        openTarget: async () => ({ connection, name: 'the test', close: async () => undefined }),
        onProgress: () => undefined,
        ...given,
      }),
    async close() {
      await source.drop();
      for (const target of targets) await target.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What a careless text format would lose. */
const NASTY = 'tab\t newline\n return\r backslash \\ \\N \\. quote\'" ☂ 𝄞';

async function fill(database: Database, keyFile: string): Promise<void> {
  const secrets = createSecrets(database, await openSealer(database, keyFile));
  await secrets.write('vapid', NASTY);
  const [person, serviceId] = [
    await user(database, { username: 'ada' }),
    await service(database, { category: NASTY }),
  ];
  await subscribe(database, serviceId, person);
  const phone = await device(database, { userId: person, address: NASTY });
  await database.query(
    `insert into notification (uuid, service_id, title, body, ttl_seconds, data, source, created_at)
     select gen_random_uuid(), $1, $2, repeat('x', 20000), 60, jsonb_build_object('text', $2::text), 'tests', at
     from generate_series(now() - interval '12 hours', now(), interval '6 minutes') at`,
    [serviceId, NASTY],
  );
  await database.query('insert into inbox (user_id, notification_id) select $1, id from notification', [
    person,
  ]);
  await database.query(
    `insert into delivery_event (notification_id, device_id, user_id, event, reason, node, at)
     select id, $1, $2, 1, case when id % 2 = 0 then $3 end, 'n', created_at from notification`,
    [phone, person, NASTY],
  );
  await database.query(
    `insert into mqtt_outbox (device_id, notification_id, notification_created_at, payload, expires_at)
     select $1, id, created_at, '\\x00ff5c0a', now() from notification limit 3`,
    [phone],
  );
  await database.query(
    `insert into chunk (notification_id, notification_created_at, audience, members, priority, run_at, lease_until, leased_by)
     select id, created_at, 'users', array[id, 1], 1, now(), now() + interval '1 hour', 'a dead node' from notification limit 3`,
  );
}

/** Rows of every table, in a fixed order, as text. */
export async function everything(database: Database): Promise<Record<string, string>> {
  const tables = await database.query<{ name: string }>(
    `select c.relname as name from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
     and not relispartition and relname <> 'schema_migration'`,
  );
  const sums: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await database.query<{ sum: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as sum from ${name} t`,
    );
    sums[name] = row?.sum ?? '';
  }
  return sums;
}

export const bytesOf = (file: string) => readFileSync(file);
