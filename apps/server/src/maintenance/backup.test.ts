import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmptyDatabase, emptyDatabase } from '../../test/database.ts';
import { openDoor } from '../../test/database-door.ts';
import { hasDebianPostgres, startDebianPostgres } from '../../test/debian-postgres.ts';
import { migrate, readMigrations } from '../database/migrate.ts';
import { createKeyFile, newKey, readKeyFile } from '../lib/key-file.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { openSealer } from '../store/sealed.ts';
import { createSecrets } from '../store/secret.ts';
import { bytesOf, createStage, everything, SQL, type Stage } from './testing/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await createStage();
  await stage.backUp();
});
afterAll(() => stage.close());

/** Opens what was restored, and closes it. */
async function within<T>(target: EmptyDatabase, work: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase(target.connection, () => undefined);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
const leaseless = { chunk: expect.any(String) };

describe('a restored database', () => {
  it('holds the same rows in every table', async () => {
    const target = await stage.empty();
    const report = await stage.restoreInto(target);
    expect(report).toMatchObject({ takenAt: '2026-11-24T00:00:00.000Z', migrated: [], madeKeyFile: false });
    const before = await everything(stage.source.database);
    expect(await within(target, everything)).toEqual({ ...before, ...leaseless });
    expect(before.notification).toMatch(/^121 /);
  });

  it('opens its secrets with the key file', async () => {
    const target = await stage.empty();
    await stage.restoreInto(target);
    const read = (database: Database) =>
      openSealer(database, stage.keyFile).then((sealer) => createSecrets(database, sealer).read('vapid'));
    expect(await within(target, read)).toBe(await read(stage.source.database));
  });

  it('gives no number again that was given before the backup, nor one soon after it', async () => {
    const target = await stage.empty();
    await stage.restoreInto(target);
    const lastNotification = 'select max(id)::int as id from notification';
    const [highest] = await stage.source.database.query<{ id: number }>(lastNotification);
    const insert = `insert into notification (uuid, title, ttl_seconds, source, created_at)
      values (gen_random_uuid(), '', 1, '', now()) returning id`;
    const [next] = await within(target, (database) => database.query<{ id: number }>(insert));
    expect(next?.id).toBeGreaterThan((highest?.id ?? 0) + 999_999);
    const person = "insert into user_account (username) values ('bob') returning id";
    expect(
      (await within(target, (database) => database.query<{ id: number }>(person)))[0]?.id,
    ).toBeGreaterThan(1_000_000);
  });

  it('has no leases: its own servers go on with what waited at once', async () => {
    const target = await stage.empty();
    await stage.restoreInto(target);
    const leases =
      'select count(*)::int as all, count(lease_until)::int as leased, count(leased_by)::int as by from chunk';
    expect(await within(target, (database) => database.query(leases))).toEqual([
      { all: 3, leased: 0, by: 0 },
    ]);
  });
});

describe('a version of Tocsin', () => {
  let newer: string;
  let next: string;
  beforeAll(() => {
    newer = mkdtempSync(join(tmpdir(), 'tocsin-newer-'));
    cpSync(SQL, newer, { recursive: true });
    next = `${String(readMigrations(SQL).length + 1).padStart(6, '0')}_added.sql`;
    writeFileSync(
      join(newer, next),
      `create table added (id bigint generated always as identity primary key, owner bigint references user_account(id),
         twice bigint generated always as (id * 2) stored);
       insert into added (owner) select id from user_account;`,
    );
  });
  afterAll(() => rmSync(newer, { recursive: true }));

  it('restores a backup of an older one and migrates it forward', async () => {
    const target = await stage.empty();
    expect(await stage.restoreInto(target, { migrations: newer })).toMatchObject({ migrated: [next] });
    const rows = await within(target, (database) => database.query('select twice from added'));
    expect(rows).toEqual([{ twice: 2 }]);
  });

  it('refuses a backup of a newer one; that one finds the tables that it added', async () => {
    const source = await stage.empty();
    await stage.restoreInto(source, { migrations: newer });
    const file = join(stage.directory, 'newer.tar.gz');
    await stage.backUp({ file, connection: source.connection });
    const target = await stage.empty();
    await expect(stage.restoreInto(target, { file })).rejects.toThrow(
      `newer version of Tocsin (it has ${next}). Nothing was changed`,
    );
    await stage.restoreInto(target, { file, migrations: newer });
    const rows = await within(target, (database) => database.query('select twice from added'));
    expect(rows).toEqual([{ twice: 2 }]);
  });
});

describe('a backup file', () => {
  it('is for its owner only, is not written over, and unpacks with any tar', async () => {
    expect(statSync(stage.file).mode & 0o777).toBe(0o600);
    await expect(stage.backUp()).rejects.toThrow('exists already');
    expect(gunzipSync(bytesOf(stage.file)).toString('latin1', 257, 262)).toBe('ustar');
  });

  it('does not hold the key, nor a secret in the clear', async () => {
    const text = gunzipSync(bytesOf(stage.file)).toString('latin1');
    const [key] = readKeyFile(stage.keyFile) ?? [];
    expect(text).not.toContain(key?.bytes.toString('base64'));
    expect(text).toContain(`sealed:1:${key?.id}:`);
  });

  it('is not there when the backup was broken off', async () => {
    const file = join(stage.directory, 'broken-off.tar.gz');
    await expect(stage.backUp({ file, signal: AbortSignal.abort() })).rejects.toThrow();
    expect(readdirSync(stage.directory).filter((name) => name.startsWith('broken-off'))).toEqual([]);
  });

  it('is not made of a database whose secrets are not sealed, nor of one without tables', async () => {
    const target = await emptyDatabase();
    const file = join(stage.directory, 'none.tar.gz');
    const backUpTarget = () => stage.backUp({ file, connection: target.connection });
    await expect(backUpTarget()).rejects.toThrow('No server has used this database yet');
    await migrate(target.connection, SQL);
    const insert = "insert into server_secret (name, value) values ('vapid', 'in the clear')";
    await within(target, (database) => database.query(insert));
    await expect(backUpTarget()).rejects.toThrow('not sealed yet');
    expect(existsSync(file)).toBe(false);
    await target.drop();
  });
});

describe('a connection that breaks', () => {
  it('in the middle of a backup leaves no file', async () => {
    const { connection, shut, database } = await openDoor(stage.source.connection);
    const file = join(stage.directory, 'lost.tar.gz');
    await expect(stage.backUp({ file, connection, onProgress: () => void shut() })).rejects.toThrow();
    expect(readdirSync(stage.directory).filter((name) => name.startsWith('lost'))).toEqual([]);
    await database.close();
  });

  it('in the middle of a restore leaves no rows, and it can be done again', async () => {
    const target = await stage.empty();
    const { connection, shut, database } = await openDoor(target.connection);
    const onProgress = (line: string) => void (line === 'notification' && shut());
    await expect(stage.restoreInto({ ...target, connection }, { onProgress })).rejects.toThrow();
    const rows = await within(target, (inside) => inside.query('select from user_account'));
    expect(rows).toEqual([]);
    await stage.restoreInto(target);
    await database.close();
  });
});

describe.runIf(hasDebianPostgres())('an external PostgreSQL 15', () => {
  it('takes what was backed up from the embedded one, and the other way round', async () => {
    const external = await startDebianPostgres();
    const connection = { connectionString: external.url };
    const file = join(stage.directory, 'from-15.tar.gz');
    try {
      const openTarget = async () => ({ connection, name: 'DATABASE_URL', close: async () => undefined });
      await stage.restoreInto(stage.source, { openTarget });
      await stage.backUp({ file, connection });
    } finally {
      await external.stop();
    }
    const target = await stage.empty();
    await stage.restoreInto(target, { file });
    expect(await within(target, everything)).toEqual({
      ...(await everything(stage.source.database)),
      ...leaseless,
    });
  });
});

describe('a restore is refused, and changes nothing,', () => {
  const tablesOf = (target: EmptyDatabase) =>
    within(target, (database) =>
      database.query(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
      ),
    );

  it('from a file that was cut off or altered, wherever that is', async () => {
    const target = await stage.empty();
    const whole = bytesOf(stage.file);
    const tar = gunzipSync(whole);
    const altered = (at: number) => {
      const copy = Buffer.from(tar);
      copy[at] = (copy[at] ?? 0) ^ 1;
      return gzipSync(copy);
    };
    const damaged = [
      ...[0, 10, 0.3, 0.9].map((part) =>
        whole.subarray(0, part > 1 ? part : Math.floor(whole.length * part)),
      ),
      whole.subarray(0, whole.length - 1),
      // Unpacked, changed and packed again: gzip's own checksum holds.
      ...[0.05, 0.5, 0.8].map((part) => altered(Math.floor(tar.length * part))),
      gzipSync(tar.subarray(0, tar.indexOf('manifest.json'))),
      gzipSync(Buffer.concat([tar.subarray(0, tar.indexOf('manifest.json')), Buffer.alloc(1024)])),
      gzipSync(Buffer.concat([tar, tar])),
      gzipSync(Buffer.from('something else')),
    ];
    const file = join(stage.directory, 'damaged.tar.gz');
    for (const bytes of damaged) {
      writeFileSync(file, bytes);
      await expect(stage.restoreInto(target, { file })).rejects.toThrow(
        /cannot be restored: .*Nothing was changed/,
      );
    }
    expect(await tablesOf(target)).toEqual([]);
    await expect(stage.restoreInto(target, { file: `${file}.nowhere` })).rejects.toThrow(
      'there is no such file',
    );
  });

  it('into a database that holds anything, and says what', async () => {
    await expect(stage.restoreInto(stage.source)).rejects.toThrow(
      /not empty: it holds rows in .*user_account/,
    );
    const target = await stage.empty();
    await within(target, (database) => database.query('create table of_others (id int)'));
    await expect(stage.restoreInto(target)).rejects.toThrow('it holds of_others');
  });

  it('without the key, or with another one', async () => {
    const target = await stage.empty();
    const keyFile = join(stage.directory, 'other.key');
    await expect(stage.restoreInto(target, { keyFile })).rejects.toThrow('other.key does not exist');
    createKeyFile(keyFile, [newKey()]);
    await expect(stage.restoreInto(target, { keyFile })).rejects.toThrow('other.key holds only');
    expect(await tablesOf(target)).toEqual([]);
  });
});

describe('a backup whose key is lost', () => {
  it('restores all but the secrets when it is told to, and servers make new ones', async () => {
    const target = await stage.empty();
    const keyFile = join(stage.directory, 'fresh', 'secret.key');
    await stage.restoreInto(target, { keyFile, withoutSecrets: true });
    const before = await everything(stage.source.database);
    expect(await within(target, everything)).toEqual({ ...before, ...leaseless, server_secret: '0 ' });
    const make = async (database: Database) =>
      createSecrets(database, await openSealer(database, keyFile)).ensure('vapid', () => 'new');
    expect(await within(target, make)).toBe('new');
  });
});

describe('a backup with the key', () => {
  it('brings the key file along, and never writes over another one', async () => {
    const file = join(stage.directory, 'with-key.tar.gz');
    expect(await stage.backUp({ file, withKey: true })).toMatchObject({ hasKey: true });
    const [keyFile, other] = [
      join(stage.directory, 'new', 'secret.key'),
      join(stage.directory, 'strange.key'),
    ];
    expect(await stage.restoreInto(await stage.empty(), { file, keyFile })).toMatchObject({
      madeKeyFile: true,
    });
    expect(readKeyFile(keyFile)).toEqual(readKeyFile(stage.keyFile));
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    createKeyFile(other, [newKey()]);
    const restoring = stage.restoreInto(await stage.empty(), { file, keyFile: other });
    await expect(restoring).rejects.toThrow('strange.key holds only');
  });

  it('is not made without the key of the database', async () => {
    const file = join(stage.directory, 'no-key.tar.gz');
    const keyFile = join(stage.directory, 'nowhere.key');
    await expect(stage.backUp({ file, withKey: true, keyFile })).rejects.toThrow(
      'nowhere.key does not exist',
    );
    expect(existsSync(file)).toBe(false);
  });
});
