/** An external PostgreSQL 15, as Debian packages it, for the tests of DATABASE_URL. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';

const PROGRAMS = '/usr/lib/postgresql/15/bin';
const NOBODY = { uid: 65_534, gid: 65_534 };

/** False, loudly, where the package is not installed; in CI that is an error. scripts/system-packages.mjs installs it. */
export function hasDebianPostgres(): boolean {
  if (existsSync(PROGRAMS)) return true;
  if (process.env.CI) throw new Error('CI lacks the package postgresql-15');
  console.warn('SKIPPED: the tests against an external PostgreSQL 15 (apt-get install postgresql-15)');
  return false;
}

export interface ExternalPostgres {
  /** As an operator would write it into DATABASE_URL. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Listens on TCP with a password, as an external one does. */
export async function startDebianPostgres(): Promise<ExternalPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-debian-'));
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, 'secret\n');
  const owner = process.getuid?.() === 0 ? NOBODY : null;
  if (owner) for (const path of [directory, passwordFile]) chownSync(path, owner.uid, owner.gid);
  const data = join(directory, 'data');
  const how = { ...owner, cwd: directory, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } };
  const access = ['-U', 'tocsin', '--auth=scram-sha-256', '--pwfile', passwordFile];
  execFileSync(join(PROGRAMS, 'initdb'), ['-D', data, ...access, '-E', 'UTF8', '--locale=C'], {
    ...how,
    stdio: 'pipe',
  });
  const port = await freePort();
  const settings = ['-c', 'unix_socket_directories=', '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'];
  const server = spawn(join(PROGRAMS, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
    ...how,
    stdio: 'ignore',
  });
  const ended = once(server, 'exit');
  const url = `postgres://tocsin:secret@127.0.0.1:${port}/postgres`;
  await untilAnswers(url);
  return {
    url,
    async stop() {
      server.kill('SIGINT');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const ATTEMPTS = 200;

async function untilAnswers(url: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const client = new pg.Client(url);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await delay(50);
    }
  }
}
