/** The Notify API v1 and v2 over real HTTP and a real database, with people already signed in. */
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { createClient } from '../src/api/edge/client.ts';
import type { NotifyDeps } from '../src/api/notify/deps.ts';
import { notifyApi } from '../src/api/notify/plugin.ts';
import { createIngest } from '../src/ingest/ingest.ts';
import { parseNetworks } from '../src/lib/network.ts';
import type { PeopleDeps } from '../src/people.ts';
import type { Database } from '../src/store/database.ts';
import { testClock } from './builders.ts';
import { testDatabase } from './database.ts';
import { type Answer, type Call, send } from './http-call.ts';
import { createPeople, type People } from './people.ts';

export type { Call } from './http-call.ts';
export { PASSWORD } from './people.ts';

export interface NotifyServer extends People {
  readonly origin: string;
  readonly database: Database;
  readonly clock: ReturnType<typeof testClock>;
  /** `path` with its version: `/v2/services/`. Redirects are not followed. */
  call(method: string, path: string, call?: Call): Promise<Answer>;
  stop(): Promise<void>;
}

type Given = Partial<Pick<NotifyDeps, 'openId' | 'firstLoginStatus' | 'ingest' | 'client'>> & {
  readonly people?: Partial<PeopleDeps>;
};

export async function startNotifyServer(given: Given = {}): Promise<NotifyServer> {
  const { database, drop } = await testDatabase();
  const clock = testClock();
  const people = await createPeople(database, clock.now, given.people);
  const deps = {
    ...people,
    database,
    ingest: createIngest({ database, clock: clock.now, onAccepted: () => undefined }),
    live: { marked: () => undefined },
    clock: clock.now,
    firstLoginStatus: 201,
    demoService: 'demo',
    openId: null,
    client: createClient(parseNetworks([])),
    ...given,
  } as const;
  const http = Fastify({ bodyLimit: 1024 * 1024, forceCloseConnections: true });
  await http.register(notifyApi({ ...deps, version: 1 }), { prefix: '/api/v1' });
  await http.register(notifyApi({ ...deps, version: 2 }), { prefix: '/api/v2' });
  await http.listen({ port: 0, host: '127.0.0.1' });
  const origin = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`;
  const stop = async () => {
    await http.close();
    await drop();
  };
  return {
    ...people,
    origin,
    database,
    clock,
    call: (method, path, call) => send(`${origin}/api${path}`, method, call),
    stop,
  };
}
