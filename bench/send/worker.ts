/** One client in a process of its own: `worker.js <client> <warm-up> <measured> <workload JSON>`. Prints one line of JSON. */
import { NODE_CLIENTS } from './clients.ts';
import type { Workload } from './workload.ts';

const [name = '', warmUp = '0', measured = '0', workload = '{}'] = process.argv.slice(2);
const create = NODE_CLIENTS[name];
if (create === undefined) throw new Error(`no client ${name}`);
const client = await create(JSON.parse(workload) as Workload);
client.prepare(Math.max(Number(warmUp), Number(measured)));
await client.send(Number(warmUp));
const startedAt = performance.now();
const before = process.cpuUsage();
const accepted = await client.send(Number(measured));
const { user, system } = process.cpuUsage(before);
const milliseconds = performance.now() - startedAt;
await client.close();
process.stdout.write(`${JSON.stringify({ cpuMicros: user + system, milliseconds, accepted })}\n`);
process.exit(0);
