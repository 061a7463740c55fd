import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { type EmbeddedDatabase, startEmbedded } from './supervise.ts';

const directories: string[] = [];
const running: EmbeddedDatabase[] = [];
const start = async (dataDir: string) => {
  const embedded = await startEmbedded({ dataDir, log: () => undefined });
  running.push(embedded);
  return embedded;
};
const directory = (name = 'data') => {
  const parent = mkdtempSync(join(tmpdir(), 'tocsin-embedded-'));
  directories.push(parent);
  return join(parent, name);
};
const query = async (embedded: EmbeddedDatabase, text: string) => {
  const client = new pg.Client(embedded.connection);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
};

afterEach(async () => {
  for (const embedded of running.splice(0)) await embedded.stop();
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true });
});

describe('the embedded database', () => {
  it('starts in a directory with blanks below a closed parent, keeps rows over a restart, listens on no port', async () => {
    const dataDir = directory('my data');
    const first = await start(dataDir);
    await query(first, 'create table kept as select 42 as answer');
    expect(await query(first, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
    await first.stop();
    running.pop();
    expect(await query(await start(dataDir), 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('refuses a second server on the same data directory in a sentence', async () => {
    const dataDir = directory();
    await start(dataDir);
    await expect(startEmbedded({ dataDir, log: () => undefined })).rejects.toThrow(
      /Another server \(process \d+\) works in/,
    );
  });

  it('comes back by itself after kill -9 of the postmaster, with what was committed', async () => {
    const embedded = await start(directory());
    await query(embedded, 'create table kept as select 1 as answer');
    const [row] = await query(
      embedded,
      "select pg_backend_pid() as pid, current_setting('data_directory') as directory",
    );
    const { readFileSync } = await import('node:fs');
    process.kill(
      Number(readFileSync(join(row.directory, 'postmaster.pid'), 'utf8').split('\n')[0]),
      'SIGKILL',
    );
    await expect
      .poll(() => query(embedded, 'select answer from kept').catch(() => 'away'), {
        timeout: 20_000,
        interval: 50,
      })
      .toEqual([{ answer: 1 }]);
  });
});
