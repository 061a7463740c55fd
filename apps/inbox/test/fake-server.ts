/** Enough of API v3, in memory, to look at the screens and to test the clients over the real wire. Not the API's truth. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { InboxItem, Service } from '../src/api/types.ts';

export interface FakeServer {
  readonly origin: string;
  readonly services: Service[];
  /** Newest first. */
  readonly inbox: InboxItem[];
  readonly devices: Record<string, unknown>[];
  readonly receipts: { token: string; event: string }[];
  /** `Last-Event-ID` of every stream that was opened. */
  readonly streamStarts: (string | null)[];
  /** How the next requests fail: not at all, without an answer, or with a status and code. */
  failWith: null | 'no-answer' | { status: number; code: string };
  publish(item: InboxItem): void;
  /** Ends every open stream. */
  dropStreams(): void;
  close(): Promise<void>;
}

const SIGNED_IN = { id: 1, username: 'anna', isAdmin: true };
const PASSWORDS: Record<string, string> = { anna: 'correct', former: 'correct' };
const TOKEN = 'fake-token';

type Answer = { status: number; body?: object };
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, string>;
}

const ok = (body: object): Answer => ({ status: 200, body });
const done: Answer = { status: 204 };
const problem = (status: number, code: string): Answer => ({
  status,
  body: { type: `/docs/errors#${code}`, title: code, status, code, detail: code },
});

/** `directory` holds the built page; without it only the API is answered. */
export async function startFakeServer(directory?: string): Promise<FakeServer> {
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    void handle(fake, streams, directory, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeServer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    services: [],
    inbox: [],
    devices: [],
    receipts: [],
    streamStarts: [],
    failWith: null,
    publish(item) {
      fake.inbox.unshift(item);
      for (const stream of streams) send(stream, 'notification', item, item.id);
    },
    dropStreams() {
      for (const stream of streams) stream.destroy();
      streams.clear();
    },
    close() {
      fake.dropStreams();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return fake;
}

async function handle(
  fake: FakeServer,
  streams: Set<ServerResponse>,
  directory: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', fake.origin);
  if (!url.pathname.startsWith('/api/')) return servePage(directory, url.pathname, response);
  if (fake.failWith === 'no-answer') return void response.destroy();
  if (fake.failWith) return answer(response, problem(fake.failWith.status, fake.failWith.code));
  const path = url.pathname.replace('/api/v3', '');
  const isOpen = ['/sessions', '/receipts', '/webpush/key'].includes(path);
  if (!isOpen && request.headers.authorization !== `Bearer ${TOKEN}`)
    return answer(response, problem(401, 'not-authenticated'));
  if (path === '/stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 1000\n\n');
    fake.streamStarts.push((request.headers['last-event-id'] as string | undefined) ?? null);
    streams.add(response);
    return;
  }
  const asked = {
    method: request.method ?? '',
    path,
    query: url.searchParams,
    body: await readJson(request),
  };
  answer(response, decide(fake, asked));
}

function decide(fake: FakeServer, asked: Asked): Answer {
  const [, noun, key] = asked.path.split('/');
  switch (`${asked.method} /${noun}`) {
    case 'POST /sessions':
      return signIn(asked.body);
    case 'GET /services':
      return ok({ items: fake.services });
    case 'PUT /subscriptions':
    case 'DELETE /subscriptions':
      return subscribe(fake, key ?? '', asked.method === 'PUT');
    case 'GET /webpush':
      return ok({
        publicKey: 'BEl62iUYgUivxIkv69yViEuiBIa-Ib9-SkvMeAtA3LFgDzkrxZJjSgSnfckjBJuBkr3qBUYIHBQFLXYp5Nksh8U',
      });
    case 'POST /devices':
      fake.devices.push(asked.body);
      return { status: 201, body: { id: fake.devices.length, kind: 'webpush', name: asked.body.name } };
    case 'POST /receipts':
      fake.receipts.push(asked.body as { token: string; event: string });
      return done;
    case 'DELETE /sessions':
    case 'DELETE /devices':
      return done;
    default:
      return noun === 'inbox' ? decideInbox(fake, asked, key) : problem(404, 'not-found');
  }
}

function signIn({ username = '', password }: Record<string, string>): Answer {
  if (PASSWORDS[username] !== password) return problem(401, 'wrong-credentials');
  if (username === 'former') return problem(403, 'inactive-user');
  return { status: 201, body: { token: TOKEN, expiresAt: '2099-01-01T00:00:00.000Z', user: SIGNED_IN } };
}

function subscribe(fake: FakeServer, serviceId: string, isSubscribed: boolean): Answer {
  const index = fake.services.findIndex(({ id }) => id === serviceId);
  const service = fake.services[index];
  if (!service) return problem(404, 'not-found');
  fake.services[index] = { ...service, isSubscribed };
  return done;
}

function decideInbox(fake: FakeServer, { method, query, body }: Asked, key: string | undefined): Answer {
  if (key === undefined) return ok(pageOf(fake.inbox, query));
  if (key === 'unread') return ok({ count: fake.inbox.filter(({ isRead }) => !isRead).length });
  if (key === 'mark-all-read') {
    for (const [index, item] of fake.inbox.entries()) fake.inbox[index] = { ...item, isRead: true };
    return done;
  }
  const index = fake.inbox.findIndex(({ id }) => id === Number(key));
  const item = fake.inbox[index];
  if (!item) return problem(404, 'not-found');
  if (method === 'GET') return ok(item);
  if (body.status === 'deleted') fake.inbox.splice(index, 1);
  else fake.inbox[index] = { ...item, isRead: body.status === 'read' };
  return done;
}

function pageOf(inbox: readonly InboxItem[], query: URLSearchParams): object {
  const cursor = query.get('cursor');
  const rest = inbox.filter(({ id }) => cursor === null || id < Number(cursor));
  const items = rest.slice(0, Number(query.get('limit') ?? 50));
  return { items, nextCursor: items.length < rest.length ? String(items.at(-1)?.id) : null };
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};
/** The policy of the real server, so that a page it would break is broken here too. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'";

function servePage(directory: string | undefined, path: string, response: ServerResponse): void {
  if (!directory) return void response.writeHead(404).end();
  const file = extname(path) ? path : '/index.html';
  response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
  response.setHeader('content-security-policy', POLICY);
  response.end(readFileSync(join(directory, file)));
}

function answer(response: ServerResponse, { status, body }: Answer): void {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(status, { 'content-type': type }).end(body && JSON.stringify(body));
}

function send(stream: ServerResponse, type: string, data: object, id: number): void {
  stream.write(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
}

async function readJson(request: IncomingMessage): Promise<Record<string, string>> {
  let text = '';
  for await (const piece of request) text += piece;
  return text === '' ? {} : (JSON.parse(text) as Record<string, string>);
}
