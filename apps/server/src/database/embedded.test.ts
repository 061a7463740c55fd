import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { runProgram } from '../../test/programs.ts';
import { DataDirectoryUnusable } from './failure.ts';
import { processState } from './process.ts';
import { type EmbeddedDatabase, startEmbedded } from './supervise.ts';

const directories: string[] = [];
const running: EmbeddedDatabase[] = [];
const start = async (dataDir: string) => {
  const embedded = await startEmbedded({ dataDir, log: () => undefined });
  running.push(embedded);
  return embedded;
};
const PATIENCE = { timeout: 20_000, interval: 50 };
const postmaster = (dataDir: string) =>
  Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
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
    const dataDir = directory();
    const embedded = await start(dataDir);
    await query(embedded, 'create table kept as select 1 as answer');
    const before = postmaster(dataDir);
    process.kill(before, 'SIGKILL');
    await expect
      .poll(() => query(embedded, 'select answer from kept').catch(() => 'away'), PATIENCE)
      .toEqual([{ answer: 1 }]);
    expect(postmaster(dataDir)).not.toBe(before);
  });

  it('starts over a pid file that names a stranger', async () => {
    const dataDir = directory();
    await (await start(dataDir)).stop();
    running.pop();
    const { uid, gid } = statSync(join(dataDir, 'postgres'));
    const stranger = spawn('sleep', ['60'], { uid, gid, cwd: '/' });
    writeFileSync(join(dataDir, 'postgres/postmaster.pid'), `${stranger.pid}\n`);
    try {
      expect(await query(await start(dataDir), 'select 1 as alive')).toEqual([{ alive: 1 }]);
      expect(stranger.exitCode).toBeNull();
      expect(stranger.signalCode).toBeNull();
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('takes over the lock of a server that is gone, also when its pid is in use again', async () => {
    const dataDir = directory();
    await (await start(dataDir)).stop();
    running.pop();
    writeFileSync(join(dataDir, 'server.lock'), `${process.pid} an earlier start`);
    expect(await query(await start(dataDir), 'select 1 as alive')).toEqual([{ alive: 1 }]);
  });

  it('uses a short socket path when the data directory is deep', async () => {
    const embedded = await start(join(directory(), 'a'.repeat(60), 'b'.repeat(60)));
    expect(await query(embedded, 'select 1 as alive')).toEqual([{ alive: 1 }]);
    directories.push(embedded.connection.host);
  });

  it('says in a sentence that the data directory cannot be made', async () => {
    const file = directory();
    writeFileSync(file, 'not a directory');
    await expect(startEmbedded({ dataDir: join(file, 'data'), log: () => undefined })).rejects.toThrow(
      DataDirectoryUnusable,
    );
  });

  it('says in a sentence that the files are of another major version', async () => {
    const dataDir = directory();
    await (await start(dataDir)).stop();
    running.pop();
    writeFileSync(join(dataDir, 'postgres/PG_VERSION'), '15\n');
    await expect(startEmbedded({ dataDir, log: () => undefined })).rejects.toThrow(
      /made by another major version/,
    );
  });
});

describe('a server that is killed with kill -9', () => {
  it('takes its PostgreSQL along within 2 s, and the next start has what was committed', async () => {
    const dataDir = directory();
    const server = await runProgram(new URL('../../test/programs/embedded-server.ts', import.meta.url), [
      dataDir,
    ]);
    const pid = postmaster(dataDir);
    expect(processState(pid)).toBe('running');
    server.kill('SIGKILL');
    await expect
      .poll(() => ['gone', 'zombie'].includes(processState(pid)), { timeout: 2_000, interval: 20 })
      .toBe(true);
    expect(await query(await start(dataDir), 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('is followed by a start that does not wait for anything', async () => {
    const dataDir = directory();
    const server = await runProgram(new URL('../../test/programs/embedded-server.ts', import.meta.url), [
      dataDir,
    ]);
    server.kill('SIGKILL');
    await new Promise((resolve) => server.once('exit', resolve));
    expect(await query(await start(dataDir), 'select answer from kept')).toEqual([{ answer: 42 }]);
  });
});
