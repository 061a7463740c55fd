import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw } from '../../../test/raw-http.ts';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { createService } from '../../store/service.ts';
import { SERVICE } from './testing/bad-fields.ts';
import { expectUntouched } from './testing/untouched.ts';

const REQUEST_TIMEOUT_MS = 300;
const SECRET = 'not for everybody';

let server: V3Server;
let user: Person;
let before: Record<string, number>;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-inbox-'));
  writeFileSync(join(directory, 'index.html'), '<title>inbox</title>');
  writeFileSync(`${directory}.secret`, SECRET);
  server = await startV3Server({ requestTimeoutMs: REQUEST_TIMEOUT_MS, inboxDirectory: directory });
  user = await server.signedIn('user');
  await createService(server.database, {
    id: SERVICE,
    category: 'c',
    color: '1f77b4',
    owner: '',
    publishPolicy: 'open',
  });
  before = await server.rowCounts();
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
  rmSync(`${directory}.secret`);
});

afterEach(() => expectUntouched(server, before));

const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`;
const PUBLISH = `POST /api/v3/services/${SERVICE}/notifications HTTP/1.1`;
const JSON_BODY = 'Content-Type: application/json';
const GET = (target: string, ...headers: string[]) =>
  lines(`GET ${target} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers);
const POST = (...headers: string[]) => lines(PUBLISH, 'Host: x', JSON_BODY, 'Connection: close', ...headers);
const MESSAGE = '{"title":"t"}';
const chunked = (body: string) => POST('Transfer-Encoding: chunked') + body;

/** Name, what is sent, the status, the code of the problem (null: Node answers by itself, without a body). */
type Case = readonly [name: string, sent: string | Buffer, status: number, code: string | null];

const NOT_HTTP: Case[] = [
  ['nonsense', 'nonsense\r\n\r\n', 400, 'bad-request'],
  ['bytes', Buffer.from([0, 1, 2, 0xff, 13, 10, 13, 10]), 400, 'bad-request'],
  ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex'), 400, 'bad-request'],
  ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'bad-request'],
  ['an unknown method', lines('EAT /api/v3/inbox HTTP/1.1', 'Host: x'), 400, 'bad-request'],
  ['an unknown version', lines('GET / HTTP/9.9', 'Host: x'), 400, 'bad-request'],
  ['no host', lines('GET /api/v3/inbox HTTP/1.1'), 400, null],
  ['a blank before the colon', GET('/', 'X-A : b'), 400, 'bad-request'],
  ['a header without a name', GET('/', ': b'), 400, 'bad-request'],
  ['a header without a colon', GET('/', 'nonsense'), 400, 'bad-request'],
  ['NUL in a header', GET('/', 'X-A: a\0b'), 400, 'bad-request'],
  [
    'a header that goes on in the next line',
    lines('GET / HTTP/1.1', ' folded: yes', 'Host: x'),
    400,
    'bad-request',
  ],
  ['a bare line feed between headers', 'GET / HTTP/1.1\nHost: x\n\n', 400, 'bad-request'],
  ['a blank in the target', lines('GET /api/v3/in box HTTP/1.1', 'Host: x'), 400, 'bad-request'],
  ['NUL in the target', lines('GET /api/v3/\0 HTTP/1.1', 'Host: x'), 400, 'bad-request'],
];

const FRAMING: Case[] = [
  ['two lengths that differ', POST('Content-Length: 13', 'Content-Length: 5') + MESSAGE, 400, 'bad-request'],
  [
    'two lengths that are the same',
    POST('Content-Length: 13', 'Content-Length: 13') + MESSAGE,
    400,
    'bad-request',
  ],
  ['two lengths in one header', POST('Content-Length: 13, 13') + MESSAGE, 400, 'bad-request'],
  [
    'a length and chunks',
    `${POST('Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    400,
    'bad-request',
  ],
  [
    'chunks and a length',
    `${POST('Transfer-Encoding: chunked', 'Content-Length: 4')}0\r\n\r\n`,
    400,
    'bad-request',
  ],
  ['a length with a sign', POST('Content-Length: +13') + MESSAGE, 400, 'bad-request'],
  ['a negative length', POST('Content-Length: -1'), 400, 'bad-request'],
  ['a length in hex', POST('Content-Length: 0x0d') + MESSAGE, 400, 'bad-request'],
  ['a length beyond 2^64', POST('Content-Length: 99999999999999999999'), 400, 'bad-request'],
  ['a length of 2 MiB', POST('Content-Length: 2097152'), 413, 'too-large'],
  ['a transfer coding that is not chunked', POST('Transfer-Encoding: gzip'), 400, 'bad-request'],
  ['chunked that is not the last coding', POST('Transfer-Encoding: chunked, identity'), 400, 'bad-request'],
  ['a chunk size that is no number', chunked('zz\r\n{}\r\n0\r\n\r\n'), 400, 'bad-request'],
  ['a chunk size with a sign', chunked('-1\r\n{}\r\n0\r\n\r\n'), 400, 'bad-request'],
  ['a chunk longer than it says', chunked('2\r\n{"title":1}\r\n0\r\n\r\n'), 400, 'bad-request'],
  ['a chunk size beyond 2^64', chunked('fffffffffffffffff\r\n'), 400, 'bad-request'],
  ['a chunk without a line end', chunked('2;a\n{}\r\n0\r\n\r\n'), 400, 'bad-request'],
  ['chunk extensions of 20 KB', chunked(`2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`), 413, 'too-large'],
  ['2 MiB in chunks', chunked(`200000\r\n${'x'.repeat(0x200000)}\r\n0\r\n\r\n`), 413, 'too-large'],
];

const TOO_MUCH: Case[] = [
  ['a header of 20 KB', GET('/', `X-A: ${'a'.repeat(20_000)}`), 431, 'headers-too-large'],
  [
    '5,000 headers',
    GET('/', ...Array.from({ length: 5_000 }, (_, n) => `X-${n}: a`)),
    431,
    'headers-too-large',
  ],
  ['a target of 20 KB', GET(`/api/v3/${'a'.repeat(20_000)}`), 431, 'headers-too-large'],
  ['a cookie of 20 KB', GET('/', `Cookie: ${'a=b; '.repeat(4_000)}`), 431, 'headers-too-large'],
  ['a query of 12 KB', GET(`/api/v3/inbox?${'a=b&'.repeat(3_000)}`), 401, 'not-authenticated'],
  ['a path of 12 KB', GET(`/api/v3/${'a'.repeat(12_000)}`), 404, 'not-found'],
];

const PATHS: Case[] = [
  ['half a percent code', GET('/api/v3/inbox/%'), 400, 'bad-request'],
  ['a percent code that is no hex', GET('/api/v3/inbox/%zz'), 400, 'bad-request'],
  ['a percent code that is no UTF-8', GET('/api/v3/inbox/%ff'), 400, 'bad-request'],
  ['an overlong slash', GET('/api/v3/inbox/%c0%af'), 400, 'bad-request'],
  ['NUL in the path', GET('/api/v3/inbox%00'), 404, 'not-found'],
  ['an address of another host', GET('http://example.org/api/v3/nothing'), 404, 'not-found'],
  ['an asterisk', lines('OPTIONS * HTTP/1.1', 'Host: x', 'Connection: close'), 404, 'not-found'],
  ['a wrong expectation', `${POST('Expect: the unexpected', 'Content-Length: 2')}{}`, 417, null],
];

describe.each([
  ['what is not HTTP', NOT_HTTP],
  ['a body whose length is unclear', FRAMING],
  ['too much of it', TOO_MUCH],
  ['a path', PATHS],
])('%s', (_group, cases) => {
  it.each(cases)('%s', async (_name, sent, status, code) => {
    const answer = await sendRaw(server.port, sent);
    expect(answer.status, answer.all.slice(0, 500)).toBe(status);
    if (code === null) return;
    expect(answer.head.toLowerCase()).toContain('content-type: application/problem+json');
    expect(JSON.parse(answer.body)).toMatchObject({ type: `/docs/errors#${code}`, status, code });
  });
});

describe('files that are not for everybody', () => {
  const climb = [
    '/../',
    '/..%2f',
    '/%2e%2e/',
    '/%2e%2e%2f',
    '/..%5c',
    '/.%2e/',
    '//../',
    '/./../',
    '/..;/',
    '/assets/../../',
    '/%252e%252e%252f',
  ];

  it.each(climb)('are not reached through %s', async (step) => {
    const name = `${directory.split('/').at(-1)}.secret`;
    for (const path of [
      `${step}${name}`,
      `${step.repeat(8)}etc/passwd`,
      `/api/docs/static${step}package.json`,
    ]) {
      const { all } = await sendRaw(server.port, GET(path));
      expect(all).not.toContain(SECRET);
      expect(all).not.toContain('root:');
      expect(all).not.toContain('"dependencies"');
    }
  });

  it('an address of the app is its page, also as a HEAD; a file that is not there is 404', async () => {
    expect((await server.request('GET', '/inbox/5')).text).toBe('<title>inbox</title>');
    expect((await server.request('HEAD', '/inbox/5')).status).toBe(200);
    expect((await server.request('GET', '/nothing.js')).json).toMatchObject({ code: 'not-found' });
    expect((await server.request('GET', '/api/nothing')).json).toMatchObject({ code: 'not-found' });
    expect((await server.request('POST', '/inbox/5')).status).toBe(404);
  });
});

describe('one who takes his time', () => {
  const SLOW: [string, string[]][] = [
    ['says nothing', []],
    ['never ends the headers', [`${PUBLISH}\r\nHost: x\r\n`]],
    ['never ends the body', [POST('Content-Length: 100'), '{"title":']],
    ['never ends the chunks', [POST('Transfer-Encoding: chunked'), '2\r\n{"\r\n']],
  ];
  it.each(SLOW)('and %s is told so and let go', async (_name, pieces) => {
    const answer = await sendRaw(server.port, ...pieces);
    expect(answer.status, answer.all).toBe(408);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'request-timeout' });
  });

  it('and drips a byte at a time gains nothing by it', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(POST('Content-Length: 1000'));
    const drip = setInterval(() => socket.write('x'), 20);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
  });
});

describe('several requests on one connection', () => {
  it('what follows a whole request is not taken for a part of its answer', async () => {
    const first = lines('GET /-/health HTTP/1.1', 'Host: x');
    const answer = await sendRaw(server.port, `${first}nonsense\r\n\r\n`);
    expect(answer.all.match(/HTTP\/1\.1 \d+/g)?.length).toBeLessThanOrEqual(2);
    expect(answer.all).not.toContain('HTTP/1.1 500');
  });

  it('a request hidden in the body of another is not done', async () => {
    const hidden = lines(
      'DELETE /api/v3/sessions HTTP/1.1',
      'Host: x',
      `Authorization: Bearer ${user.token}`,
    );
    await sendRaw(server.port, `${POST(`Content-Length: ${hidden.length}`)}${hidden}`);
    expect((await server.call('GET', '/me', { token: user.token })).status).toBe(200);
  });

  it('nonsense behind the request of a live stream ends it, without a word in its middle', async () => {
    const open = lines('GET /api/v3/stream HTTP/1.1', 'Host: x', `Authorization: Bearer ${user.token}`);
    const { all } = await new Promise<{ all: string }>((resolve) => {
      const socket = connect(server.port, '127.0.0.1');
      let text = '';
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        text += bytes.toString();
        if (text.includes('retry:')) socket.write('nonsense\r\n\r\n');
      });
      socket.on('close', () => resolve({ all: text }));
      socket.write(open);
    });
    expect(all).not.toContain('HTTP/1.1 400');
  });
});
