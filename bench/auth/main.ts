/**
 * What recognising the caller costs: the same small answer with and without asking who it is, by 10,000 keys in random
 * order and by 10,000 logins. CPU of the server and of its database. The last line is JSON.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { type ServerProcess, startServer } from '@tocsin/server/testing';
import { cpuMicros } from '../server/usage.ts';
import { Caller } from './caller.ts';

const KEYS = 10_000;
const ROUNDS = 5;
const REQUESTS = 40_000;
const CONNECTIONS = 32;
/** Nobody is asked for here, and about as much is answered. */
const ANONYMOUS = '/api/v3/webpush/key';
const AUTHENTICATED = '/api/v3/me';

async function createKeys({ database }: ServerProcess): Promise<string[]> {
  const keys = Array.from({ length: KEYS }, () => `tpk_${randomBytes(32).toString('base64url')}`);
  const hashes = keys.map((key) => createHash('sha256').update(key).digest());
  await database.query(
    `with person as (insert into user_account (username) select 'person ' || n from generate_series(1, $2::int) n returning id),
       numbered as (select id, row_number() over () as n from person)
     insert into access_key (user_id, name, prefix, hash, scopes, created_at)
     select p.id, 'bench', 'tpk_', k.hash, '{read}', now() from unnest($1::bytea[]) with ordinality as k (hash, n) join numbered p using (n)`,
    [hashes, KEYS],
  );
  return keys;
}

/** Its own children are the database's processes. */
function databaseCpu(serverPid: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === serverPid || (parent !== undefined && parent > 1 && isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).reduce((sum, pid) => sum + cpuMicros(pid), 0);
}

async function measure(server: ServerProcess, path: string, keys: readonly string[]): Promise<number> {
  const port = Number(new URL(server.url).port);
  const callers = Array.from({ length: CONNECTIONS }, () => new Caller(port));
  const before = cpuMicros(server.pid) + databaseCpu(server.pid);
  let left = REQUESTS;
  await Promise.all(
    callers.map(async (caller) => {
      while (left-- > 0) {
        const key = keys.length === 0 ? null : (keys[Math.floor(Math.random() * keys.length)] ?? '');
        await caller.get(path, key);
      }
    }),
  );
  const used = cpuMicros(server.pid) + databaseCpu(server.pid) - before;
  for (const caller of callers) caller.close();
  return used / REQUESTS;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

const server = await startServer({ RATE_LIMIT_KEY: '0', RATE_LIMIT_USER: '0' });
try {
  const keys = await createKeys(server);
  await measure(server, ANONYMOUS, []);
  await measure(server, AUTHENTICATED, keys);
  const costs: Record<'anonymous' | 'keys' | 'cold', number[]> = { anonymous: [], keys: [], cold: [] };
  for (let round = 0; round < ROUNDS; round++) {
    costs.anonymous.push(await measure(server, ANONYMOUS, []));
    costs.keys.push(await measure(server, AUTHENTICATED, keys));
    // Something changed: every key is looked up anew.
    await server.database.query(`update user_account set is_auditor = false where username = 'admin'`);
    costs.cold.push(await measure(server, AUTHENTICATED, keys));
  }
  const [anonymous, known, cold] = [median(costs.anonymous), median(costs.keys), median(costs.cold)];
  const line = (name: string, cost: number) =>
    `${name.padEnd(46)} ${cost.toFixed(1).padStart(7)} ${(cost - anonymous).toFixed(1).padStart(9)}`;
  console.log(`${''.padEnd(46)} CPU µs  overhead`);
  console.log(line('anonymous', anonymous));
  console.log(line('10,000 keys in random order', known));
  console.log(line('the same, all forgotten at the start of a round', cold));
  console.log(
    JSON.stringify({
      name: 'auth',
      unit: 'CPU µs per request, server and database',
      ours: Number((known - anonymous).toFixed(2)),
      peers: { anonymous: Number(anonymous.toFixed(2)), forgotten: Number((cold - anonymous).toFixed(2)) },
      ratio: Number((known / anonymous).toFixed(3)),
    }),
  );
} finally {
  await server.stop();
}
