import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirectoryInUse } from '../database/failure.ts';
import { openExisting, openForRestore, type Target } from './target.ts';

let dataDir: string;
const open: Target[] = [];
const said: string[] = [];
const place = () => ({ databaseUrl: undefined, dataDir });
const existing = async () => {
  const target = await openExisting(place(), (line) => said.push(line));
  open.push(target);
  return target;
};
const forRestore = async () => {
  const target = await openForRestore(place());
  open.push(target);
  return target;
};

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tocsin-target-'));
});
afterEach(async () => {
  for (const target of open.splice(0).reverse()) await target.close();
  said.splice(0);
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the database of a data directory', () => {
  it('is not made by looking for it', async () => {
    await expect(existing()).rejects.toThrow(`There is no database in ${dataDir}`);
    expect(readdirSync(dataDir)).toEqual([]);
    dataDir = join(dataDir, 'nowhere');
    await expect(existing()).rejects.toThrow('There is no database in');
  });

  it('is started for a command when no server runs, and shared with the one that runs', async () => {
    const server = await forRestore();
    expect((await existing()).connection).toEqual(server.connection);
    expect(said).toEqual([]);
    for (const target of open.splice(0).reverse()) await target.close();
    await existing();
    expect(said).toEqual([expect.stringContaining('No server runs')]);
  });

  it('is not filled while a server runs there, nor when the directory is used for something else', async () => {
    await forRestore();
    await expect(forRestore()).rejects.toThrow(DataDirectoryInUse);
    for (const target of open.splice(0)) await target.close();
    writeFileSync(join(dataDir, 'letters.txt'), '');
    await expect(forRestore()).rejects.toThrow('is not empty: it holds letters.txt');
  });
});
