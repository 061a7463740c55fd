import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { createKeyFile, newKey, readKeyFile } from '../lib/key-file.ts';
import { createSealer, keyIdOf, UnknownKey } from '../lib/sealer.ts';
import { createTokenShelf } from '../transports/token-shelf.ts';
import { KeyMissing, keyIdsInUse, openSealer } from './sealed.ts';
import { createSecrets } from './secret.ts';

let test: TestDatabase;
let directory: string;
let file: string;
beforeEach(async () => {
  test = await testDatabase();
  directory = mkdtempSync(join(tmpdir(), 'tocsin-sealed-'));
  file = join(directory, 'secret.key');
});
afterEach(async () => {
  await test.drop();
  rmSync(directory, { recursive: true, force: true });
});

const rows = async () => {
  const found = await test.database.query<{ name: string; value: string }>(
    'select name, value from server_secret',
  );
  return new Map(found.map(({ name, value }) => [name, value]));
};
const start = async (keyFile = file) =>
  createSecrets(test.database, await openSealer(test.database, keyFile));

describe('secrets in the database', () => {
  it('are sealed, and the same after a restart', async () => {
    const first = await (await start()).ensure('vapid', () => 'made once');
    expect(first).toBe('made once');
    expect(await (await start()).ensure('vapid', () => 'made again')).toBe('made once');
    for (const value of (await rows()).values()) expect(keyIdOf(value)).toBe(readKeyFile(file)?.[0]?.id);
  });

  it('that an earlier version wrote in the clear are sealed at start, once, by any number of servers', async () => {
    await test.database.query("insert into server_secret (name, value) values ('receipts', 'in the clear')");
    const started = await Promise.all([start(), start(), start()]);
    for (const secrets of started) expect(await secrets.read('receipts')).toBe('in the clear');
    const sealed = (await rows()).get('receipts');
    expect(sealed).not.toContain('in the clear');
    await start();
    expect((await rows()).get('receipts')).toBe(sealed);
  });

  it('do not open when rows are exchanged', async () => {
    const secrets = await start();
    await secrets.write('a', 'of a');
    await secrets.write('b', 'of b');
    await test.database.query(
      "update server_secret set value = (select value from server_secret where name = 'a')",
    );
    await expect(secrets.read('b')).rejects.toThrow('is not as it was sealed');
  });

  it("hold Apple's token, which a plain row of an older server cannot disturb", async () => {
    const shelf = createTokenShelf(await start(), 'TEAM', 'KEY');
    expect(await shelf.load()).toBeNull();
    await shelf.save({ token: 'jwt', madeAt: 1 });
    expect(await shelf.load()).toEqual({ token: 'jwt', madeAt: 1 });
    await test.database.query("update server_secret set value = '{}' where name = 'apns-token/TEAM/KEY'");
    await expect(shelf.load()).rejects.toThrow();
    await shelf.save({ token: 'newer', madeAt: 2 });
    expect(await shelf.load()).toEqual({ token: 'newer', madeAt: 2 });
  });
});

describe('a server without the key of its database', () => {
  it('does not start and makes no key file', async () => {
    await start();
    const [wanted] = await keyIdsInUse(test.database);
    rmSync(file);
    const failure = await start().catch((error: Error) => error);
    expect(failure).toBeInstanceOf(KeyMissing);
    expect((failure as Error).message).toContain(`key ${wanted}, but ${file} does not exist`);
    expect(readKeyFile(file)).toBeNull();
  });

  it('does not start with the key file of another one, and says which keys that has', async () => {
    await start();
    const other = newKey();
    createKeyFile(join(directory, 'other.key'), [other]);
    await expect(start(join(directory, 'other.key'))).rejects.toThrow(`holds only ${other.id}.`);
  });

  it('is also the second of two with key files of their own that start together on a new database', async () => {
    const results = await Promise.allSettled([
      start(join(directory, 'a.key')),
      start(join(directory, 'b.key')),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await keyIdsInUse(test.database)).toHaveLength(1);
  });

  it('stores nothing under its old key after the key was changed elsewhere', async () => {
    await start();
    const copied = readKeyFile(file) ?? [];
    const left = createSecrets(
      test.database,
      createSealer(() => copied),
    );
    rmSync(file);
    createKeyFile(file, [newKey()]);
    await test.database.query('delete from server_secret');
    await start();
    await expect(left.write('apns-token/T/K', 'x')).rejects.toThrow(UnknownKey);
    expect([...(await rows()).keys()]).toEqual(['key-check']);
  });

  it('does not start with a file that it cannot understand', async () => {
    writeFileSync(file, 'not a key\n');
    await expect(start()).rejects.toThrow(/TOCSIN_KEY_FILE: .*line 1, is not a key/);
  });
});
