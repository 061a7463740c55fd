import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type LookupFunction,
  type Socket,
} from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { selfSignedCertificate } from '../../testing/certificate.ts';
import { createAddressGuard } from './address-guard.ts';
import { createDoor, createOperatorDoor, DoorError, type DoorOptions, type Question } from './door.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listen(server: Server, scheme = 'http'): Promise<string> {
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const serve = (answer: RequestListener) => listen(createServer(answer));

/** Says what it likes on the socket, whatever it is asked. */
async function speak(answer: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    socket.once('data', () => answer(socket));
  }).listen(0, '127.0.0.1');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const LAN = createAddressGuard(['127.0.0.1']);
const ask = (url: string, given: Partial<DoorOptions> = {}, question: Partial<Question> = {}) =>
  createDoor({ guard: LAN, timeoutMs: 5_000, ...given }).ask({ method: 'GET', url, ...question });

describe('the door', () => {
  it('hands over what was asked and what was answered', async () => {
    const url = await serve(async (request, reply) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      reply.writeHead(201, { 'x-heard': `${request.method} ${request.url}` });
      reply.end(Buffer.concat(parts));
    });
    const reply = await ask(`${url}/a?b=c`, {}, { method: 'POST', body: 'grüße' });
    expect(reply).toMatchObject({ status: 201, headers: { 'x-heard': 'POST /a?b=c' } });
    expect(reply.body.toString()).toBe('grüße');
  });

  it('opens a connection for every question: no two guards can share one', async () => {
    let connections = 0;
    const server = createServer((_request, reply) => void reply.end());
    server.on('connection', () => connections++);
    const url = await listen(server);
    await ask(url);
    await ask(url);
    expect(connections).toBe(2);
  });

  it('takes a redirect for an answer and goes nowhere', async () => {
    let asked = 0;
    const url = await serve((_request, reply) => {
      asked++;
      reply.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect((await ask(url)).status).toBe(302);
    expect(asked).toBe(1);
  });

  it('reads an answer up to the cap and not a byte beyond', async () => {
    const url = await serve((request, reply) => void reply.end('x'.repeat(Number(request.url?.slice(1)))));
    expect((await ask(`${url}/100`, { mostAnswerBytes: 100 })).body).toHaveLength(100);
    await expect(ask(`${url}/101`, { mostAnswerBytes: 100 })).rejects.toThrow('longer than 100 bytes');
  });

  it('reads the whole answer of a server that hangs up at once', async () => {
    const body = 'x'.repeat(900_000);
    const text = `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const url = await speak((socket) => void socket.end(text));
    for (let time = 0; time < 20; time++) expect((await ask(url)).body).toHaveLength(body.length);
  });

  it('does not read on when only the status is wanted', async () => {
    const url = await serve((_request, reply) => {
      const more = () => {
        if (!reply.destroyed) reply.write(Buffer.alloc(65_536), () => setImmediate(more));
      };
      more();
    });
    const reply = await ask(url, { mostAnswerBytes: 100 }, { isBodyIgnored: true });
    expect([reply.status, reply.body.length]).toEqual([200, 0]);
  });

  it('asks for nothing compressed and takes nothing compressed: a bomb stays packed', async () => {
    let wanted: string | undefined;
    const url = await serve((request, reply) => {
      wanted = request.headers['accept-encoding'];
      reply.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10_000_000)));
    });
    await expect(ask(url, {}, { headers: { 'accept-encoding': 'gzip' } })).rejects.toThrow('is compressed');
    expect(wanted).toBe('identity');
  });

  it.each([
    ['says nothing', () => undefined],
    [
      'sends headers without end, slowly',
      (socket: Socket) => drip(socket, 'HTTP/1.1 200 OK\r\n', 'x-a: b\r\n'),
    ],
    ['sends its body a byte at a time', (socket: Socket) => drip(socket, 'HTTP/1.1 200 OK\r\n\r\n', '.')],
    ['sends hints without end', (socket: Socket) => drip(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n')],
  ])('gives up in time on a server that %s', async (_what, answer) => {
    const url = await speak(answer);
    await expect(ask(url, { timeoutMs: 150 })).rejects.toThrow('no answer within 150 ms');
  });

  it('gives up in time on a resolver that does not answer', async () => {
    const silent: LookupFunction = () => undefined;
    const guard = createAddressGuard([], silent);
    await expect(ask('https://push.example.org/', { guard, timeoutMs: 100 })).rejects.toThrow(
      'no answer within 100 ms',
    );
  });

  it.each([
    ['headers without end', `HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(20_000)}\r\n`],
    ['one endless header', `HTTP/1.1 200 OK\r\nx-a: ${'b'.repeat(40_000)}\r\n\r\n`],
    [
      'trailers without end',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${'x-a: b\r\n'.repeat(20_000)}\r\n`,
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
    ['the end', ''],
    ['half an answer', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
  ])('fails on a server that sends %s', async (_what, text) => {
    const url = await speak((socket) => void socket.end(text));
    await expect(ask(`${url}/secret`)).rejects.toThrow(DoorError);
  });

  it('names neither path nor header nor answer when it fails', async () => {
    const url = await speak((socket) => void socket.end('secret answer\r\n\r\n'));
    const error: unknown = await ask(
      `${url}/secret?secret`,
      {},
      { headers: { authorization: 'secret' } },
    ).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(DoorError);
    expect(JSON.stringify([error, String(error), Object.entries(error as object)])).not.toContain('secret');
  });

  it('believes the authority it is given, and no other', async () => {
    const { cert, key, ca } = selfSignedCertificate();
    const url = await listen(
      createTlsServer({ cert, key }, (_request, reply) => void reply.end()),
      'https',
    );
    expect((await ask(url, { ca })).status).toBe(200);
    await expect(ask(url)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it('refuses a header that would be two', async () => {
    const url = await serve((_request, reply) => void reply.end());
    await expect(ask(url, {}, { headers: { 'x-a': 'b\r\nx-c: d' } })).rejects.toThrow('Invalid character');
  });
});

describe('the door to an address of the settings', () => {
  it('lets that one be anywhere, also without encryption, and no other port of the host', async () => {
    const [own, other] = [await serve((_request, reply) => void reply.end()), await serve(() => undefined)];
    const door = createOperatorDoor({ url: `${own}/discovery`, allow: [], timeoutMs: 5_000 });
    expect((await door.ask({ method: 'GET', url: `${own}/token` })).status).toBe(200);
    await expect(door.ask({ method: 'GET', url: other })).rejects.toThrow('https://');
    await expect(door.ask({ method: 'GET', url: other.replace('http', 'https') })).rejects.toThrow(
      'loopback',
    );
  });

  it('does not let an encrypted one become a plain one', async () => {
    const own = await serve((_request, reply) => void reply.end());
    const url = own.replace('http', 'https');
    const door = createOperatorDoor({ url, allow: [], timeoutMs: 5_000 });
    await expect(door.ask({ method: 'GET', url: own })).rejects.toThrow('https://');
  });

  it('lets others be where the allow list says', async () => {
    const other = await serve((_request, reply) => void reply.end());
    const url = 'https://id.example.org';
    const door = createOperatorDoor({ url, allow: ['127.0.0.0/8'], timeoutMs: 5_000 });
    expect((await door.ask({ method: 'GET', url: other })).status).toBe(200);
  });
});

/** The beginning, and then more and more of the rest, as long as somebody listens. */
function drip(socket: Socket, beginning: string, rest: string): void {
  socket.write(beginning);
  const timer = setInterval(() => socket.write(rest), 10);
  socket.on('close', () => clearInterval(timer));
}
