import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { runProgram } from '../../test/programs.ts';
import { readKeyFile } from '../lib/key-file.ts';
import { keyIdsInUse, openSealer } from '../store/sealed.ts';
import { createSecrets, type Secrets } from '../store/secret.ts';
import { type RotationStep, rotateKey } from './rotate-key.ts';

const ROTATOR = new URL('../../test/programs/rotator.ts', import.meta.url);

let test: TestDatabase;
let directory: string;
let file: string;
let running: Secrets;
beforeEach(async () => {
  test = await testDatabase();
  directory = mkdtempSync(join(tmpdir(), 'tocsin-rotate-'));
  file = join(directory, 'secret.key');
  running = await start();
  await running.write('vapid', 'keys');
});
afterEach(async () => {
  await test.drop();
  rmSync(directory, { recursive: true, force: true });
});

const start = async () => createSecrets(test.database, await openSealer(test.database, file));
const idsInFile = () => readKeyFile(file)?.map(({ id }) => id) ?? [];
const rotate = () => rotateKey(test.database, file, () => undefined);

describe('a rotation', () => {
  it('seals everything with a new key, removes the old one, and a running server goes on', async () => {
    const before = idsInFile();
    expect(await rotate()).toMatchObject({ removedKeyIds: before, secrets: 2 });
    expect(idsInFile()).toHaveLength(1);
    expect(await keyIdsInUse(test.database)).toEqual(idsInFile());
    expect(await running.read('vapid')).toBe('keys');
    await running.write('apns-token/T/K', 'written after');
    expect(await keyIdsInUse(test.database)).toEqual(idsInFile());
    expect(await (await start()).read('apns-token/T/K')).toBe('written after');
  });

  it('may meet another one, and servers that write all the time', async () => {
    let isOver = false;
    const writing = (async () => {
      for (let count = 0; !isOver; count++) {
        await running.write('busy', String(count));
        expect(await running.read('busy')).toBe(String(count));
      }
    })();
    await Promise.all([rotate(), rotate(), rotate()]);
    isOver = true;
    await writing;
    expect(await keyIdsInUse(test.database)).toEqual(idsInFile());
    expect(await (await start()).read('vapid')).toBe('keys');
  });

  it('also seals what an older server wrote in the clear', async () => {
    await test.database.query("insert into server_secret (name, value) values ('token', 'in the clear')");
    await rotate();
    expect(await running.read('token')).toBe('in the clear');
  });

  it('is refused without the key of the database, and leaves the file as it was', async () => {
    const other = join(directory, 'other.key');
    const elsewhere = await testDatabase();
    await openSealer(elsewhere.database, other);
    await elsewhere.drop();
    const before = readFileSync(other, 'utf8');
    await expect(rotateKey(test.database, other, () => undefined)).rejects.toThrow('sealed with the key');
    expect(readFileSync(other, 'utf8')).toBe(before);
  });
});

describe('kill -9 of a rotation', () => {
  it.each<[RotationStep]>([['key added'], ['secrets sealed'], ['committed'], ['old keys removed']])(
    'after "%s" leaves servers working, and the next one clears up',
    async (step) => {
      const rotator = await runProgram(ROTATOR, [JSON.stringify(test.connection), file, step]);
      rotator.kill('SIGKILL');
      await new Promise((resolve) => rotator.once('exit', resolve));
      expect(await running.read('vapid')).toBe('keys');
      await running.write('token', 'after the kill');
      const restarted = await start();
      expect(await restarted.read('vapid')).toBe('keys');
      expect(await restarted.read('token')).toBe('after the kill');
      await rotate();
      expect(idsInFile()).toHaveLength(1);
      expect(await keyIdsInUse(test.database)).toEqual(idsInFile());
      expect(await running.read('token')).toBe('after the kill');
    },
  );
});
