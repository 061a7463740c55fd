import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOperatorDoor } from '@tocsin/push';
import { afterEach, describe, expect, it } from 'vitest';
import { SAYS_NOTHING } from './credential-check.ts';
import { passwordUrl } from './password-url.ts';

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

interface Heard {
  readonly method: string | undefined;
  readonly label: string | undefined;
  readonly account: string | undefined;
  readonly body: string;
}

/** What decides, over real HTTP. */
async function start(answer: RequestListener): Promise<{ url: string; heard: Heard[] }> {
  const heard: Heard[] = [];
  server = createServer(async (request, reply) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method, headers } = request;
    const account = headers.authorization;
    heard.push({ method, label: headers['content-type'], account, body: Buffer.concat(parts).toString() });
    answer(request, reply);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/check`, heard };
}
const ask = (url: string, timeoutMs = 5_000) =>
  passwordUrl({ url, door: createOperatorDoor({ url, allow: [], timeoutMs }) }).check('ada', 'hunter2 ü');
const status = (code: number, headers: Record<string, string> = {}) =>
  start((_request, reply) => void reply.writeHead(code, headers).end());

describe('the password URL', () => {
  it('is given the name and the password as JSON', async () => {
    const { url, heard } = await status(200);
    expect(await ask(url)).toEqual({ kind: 'ok', ...SAYS_NOTHING });
    const body = '{"username":"ada","password":"hunter2 ü"}';
    expect(heard).toEqual([{ method: 'POST', label: 'application/json', account: undefined, body }]);
  });

  it('is told the name and password of the URL itself', async () => {
    const { url, heard } = await status(200);
    expect((await ask(url.replace('//', '//tocsin:p%40ss@'))).kind).toBe('ok');
    expect(heard[0]?.account).toBe(`Basic ${Buffer.from('tocsin:p@ss').toString('base64')}`);
  });

  it.each([
    [200, 'ok'],
    [204, 'ok'],
    [299, 'ok'],
    [400, 'refused'],
    [401, 'refused'],
    [404, 'refused'],
    [429, 'unavailable'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ])('answering %i means %s', async (code, kind) => {
    expect((await ask((await status(code)).url)).kind).toBe(kind);
  });

  it('is not followed elsewhere: the password goes to one address only', async () => {
    const { url, heard } = await status(307, { location: '/elsewhere' });
    expect(await ask(url)).toEqual({ kind: 'unavailable', reason: 'it answered 307' });
    expect(heard).toHaveLength(1);
  });

  it('is unavailable when it does not answer in time', async () => {
    const { url } = await start(() => undefined);
    expect(await ask(url, 100)).toEqual({ kind: 'unavailable', reason: 'no answer within 100 ms' });
  });

  it('is unavailable when nobody is there, and the reason holds no password', async () => {
    const { url } = await status(200);
    server?.close();
    const verdict = await ask(url.replace('//', '//user:hunter2@'));
    expect(verdict).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('ECONNREFUSED') });
    expect(JSON.stringify(verdict)).not.toContain('hunter2');
  });

  it('is not listened to beyond its status', async () => {
    const { url } = await start((_request, reply) => {
      reply.writeHead(200);
      const more = () => {
        if (!reply.destroyed) reply.write(Buffer.alloc(65_536), () => setImmediate(more));
      };
      more();
    });
    expect((await ask(url)).kind).toBe('ok');
  });

  it('is unavailable when its headers are endless', async () => {
    const { url } = await status(200, { 'x-much': 'x'.repeat(20_000) });
    expect((await ask(url)).kind).toBe('unavailable');
  });
});
