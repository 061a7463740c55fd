/** The Notify API v1 and v2 over real HTTP and a real database, with people already signed in. */
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import type { NotifyDeps } from '../src/api/notify/deps.ts';
import { notifyApi } from '../src/api/notify/plugin.ts';
import { createIdentity, type Identity } from '../src/identity/identity.ts';
import { localAccounts } from '../src/identity/local-accounts.ts';
import { createLoginTokens, type LoginTokens } from '../src/identity/login-tokens.ts';
import { createPasswords, type Passwords } from '../src/identity/passwords.ts';
import { createIngest } from '../src/ingest/ingest.ts';
import type { Database } from '../src/store/database.ts';
import { createUser } from '../src/store/user.ts';
import { testClock } from './builders.ts';
import { testDatabase } from './database.ts';

export const PASSWORD = 'correct horse';
export const SECRET = Buffer.alloc(32, 7);

export interface Call {
  readonly token?: string | undefined;
  /** Sent as JSON; `text` sends it as it is. */
  readonly json?: unknown;
  readonly text?: string | Uint8Array<ArrayBuffer> | undefined;
  /** null: none at all. */
  readonly label?: string | null;
  readonly headers?: Record<string, string>;
}

export interface NotifyServer {
  readonly origin: string;
  readonly database: Database;
  readonly clock: ReturnType<typeof testClock>;
  readonly identity: Identity;
  readonly tokens: LoginTokens;
  /** `path` with its version: `/v2/services/`. Redirects are not followed. */
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** Makes the account when there is none and signs in. */
  signedIn(username: string, isAdmin?: boolean): Promise<{ id: number; token: string }>;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, or undefined when it is empty. */
  readonly json: unknown;
}

type Given = Partial<Pick<NotifyDeps, 'mayPublish' | 'firstLoginStatus' | 'ingest'>>;

export async function startNotifyServer(given: Given = {}): Promise<NotifyServer> {
  const { database, drop } = await testDatabase();
  const clock = testClock();
  const [passwords, tokens] = [await createPasswords(), createLoginTokens(SECRET)];
  const checks = [localAccounts(database, passwords)];
  const identity = createIdentity({
    database,
    clock: clock.now,
    tokens,
    passwords,
    checks,
    onRevoked: () => undefined,
  });
  const deps = {
    database,
    identity,
    ingest: createIngest({ database, clock: clock.now, onAccepted: () => undefined }),
    live: { marked: () => undefined },
    clock: clock.now,
    firstLoginStatus: 201,
    demoService: 'demo',
    mayPublish: () => Promise.resolve(true),
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
    origin,
    database,
    clock,
    identity,
    tokens,
    call: (method, path, call) => send(`${origin}/api${path}`, method, call),
    signedIn: (username, isAdmin = false) => signedIn(database, identity, passwords, { username, isAdmin }),
    stop,
  };
}

async function send(url: string, method: string, call: Call = {}): Promise<Answer> {
  const text = call.json === undefined ? call.text : JSON.stringify(call.json);
  const label = call.label === undefined && text !== undefined ? 'application/json' : call.label;
  // Bytes, because fetch labels a string as text/plain.
  const body = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const answer = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(call.token !== undefined && { authorization: `Bearer ${call.token}` }),
      ...(label && { 'content-type': label }),
      ...call.headers,
    },
    ...(body !== undefined && { body }),
  });
  const answered = await answer.text();
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') ?? false;
  return {
    status: answer.status,
    headers: answer.headers,
    text: answered,
    json: isJson && answered !== '' ? JSON.parse(answered) : undefined,
  };
}

async function signedIn(
  database: Database,
  identity: Identity,
  passwords: Passwords,
  account: { username: string; isAdmin: boolean },
): Promise<{ id: number; token: string }> {
  await createUser(database, { ...account, passwordHash: await passwords.hash(PASSWORD) });
  const result = await identity.signIn(account.username, PASSWORD);
  if (result.kind !== 'ok') throw new Error(`${account.username} could not sign in`);
  return { id: result.user.id, token: result.token };
}
