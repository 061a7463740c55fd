/** TLS from files: HTTPS and MQTTS, and what happens when the files change. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { type Certificate, newCertificate } from '@tocsin/push/testing';
import mqtt from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Node, startNode } from '../test/app-on.ts';
import * as build from '../test/builders.ts';
import { type TestDatabase, testDatabase } from '../test/database.ts';
import { freePort } from '../test/free-port.ts';
import { sendRaw } from '../test/raw-http.ts';

let own: TestDatabase;
let node: Node;
let directory: string;
let inUse: Certificate;
const real = build.testClock(0);
const clock = { ...real, now: () => Date.now() + real.now() };
const pathOf = (name: 'cert' | 'key') => join(directory, `${name}.pem`);
const write = ({ cert, key }: { cert: string; key: string }) => {
  writeFileSync(pathOf('cert'), cert);
  writeFileSync(pathOf('key'), key);
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-tls-'));
  own = await testDatabase();
  inUse = newCertificate();
  write(inUse);
  node = await startNode(own.database, {
    clock: clock.now,
    settings: {
      TLS_CERT_FILE: pathOf('cert'),
      TLS_KEY_FILE: pathOf('key'),
      MQTTS_PORT: String(await freePort()),
    },
    files: { TLS_CERT_FILE: inUse.cert, TLS_KEY_FILE: inUse.key },
  });
});
afterAll(async () => {
  await node.app.stop();
  await own.drop();
  rmSync(directory, { recursive: true });
});
afterEach(() => {
  write(inUse);
  node.app.lookForCertificate();
});

/** Status and body; rejects when the server's certificate is not one of `ca`. */
function get(
  path: string,
  ca: string,
  more: RequestOptions = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(node.origin + path, { ca, ...more }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
    });
    asked.on('error', reject).end();
  });
}

const isServed = async ({ ca }: Certificate) => {
  try {
    return (await get('/-/health', ca, { agent: false })).status === 200;
  } catch {
    return false;
  }
};

describe('HTTPS', () => {
  it('is what PORT speaks when there is a certificate', async () => {
    expect(await get('/-/health', inUse.ca)).toMatchObject({ status: 200, body: 'OK' });
    expect(await isServed(newCertificate())).toBe(false);
  });

  it('agrees on HTTP/1.1 and on TLS 1.2 or newer', async () => {
    const port = node.ports.httpPort ?? 0;
    const attempt = (options: object) =>
      new Promise<TLSSocket | null>((resolve) => {
        const socket = connect({ port, ca: inUse.ca, servername: 'localhost', ...options }, () =>
          resolve(socket),
        );
        socket.on('error', () => resolve(null));
      });
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
      const socket = await attempt({
        minVersion: version,
        maxVersion: version,
        ALPNProtocols: ['h2', 'http/1.1'],
      });
      expect([socket?.getProtocol(), socket?.alpnProtocol]).toEqual([version, 'http/1.1']);
      socket?.destroy();
    }
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    expect(await attempt(old)).toBeNull();
  });

  it('tells who speaks plain HTTP what to do, and outlives nonsense', async () => {
    const port = node.ports.httpPort ?? 0;
    const plain = await sendRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(plain.status).toBe(400);
    expect(plain.body).toContain('This port takes HTTPS only');
    for (const nonsense of ['nonsense\r\n\r\n', '\x16\x03\x01\x00\x05hello'])
      expect((await sendRaw(port, Buffer.from(nonsense, 'latin1'))).status).toBe(0);
    expect(await isServed(inUse)).toBe(true);
  });
});

it('holds browsers to HTTPS', async () => {
  const { headers } = await get('/-/health', inUse.ca);
  expect(headers['strict-transport-security']).toBe('max-age=31536000');
});

describe('a changed certificate', () => {
  it('is used for new connections without a restart, and open ones live on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await get('/-/health', inUse.ca, { agent });
    const next = newCertificate();
    write(next);
    node.app.lookForCertificate();
    expect([await isServed(next), await isServed(inUse)]).toEqual([true, false]);
    expect(await get('/-/health', inUse.ca, { agent })).toMatchObject({ status: 200 });
    agent.destroy();
  });

  it.each([
    ['half-written', () => ({ cert: inUse.cert.slice(0, 300), key: inUse.key }), 'is not a certificate'],
    ['empty', () => ({ cert: '', key: '' }), 'is not a certificate'],
    ['without its key', () => ({ cert: newCertificate().cert, key: inUse.key }), 'does not belong'],
  ])('that is %s is not used, and that is said once', async (_name, broken, reason) => {
    const before = node.warnings.length;
    write(broken());
    for (let look = 0; look < 3; look++) node.app.lookForCertificate();
    expect(await isServed(inUse)).toBe(true);
    const said = node.warnings.slice(before);
    expect(said).toHaveLength(1);
    expect(said[0]?.reason).toContain(reason);
  });

  it('that has expired is not used', async () => {
    const before = node.warnings.length;
    const next = newCertificate();
    clock.advance(3 * 86_400_000);
    write(next);
    node.app.lookForCertificate();
    clock.advance(-3 * 86_400_000);
    expect(await isServed(next)).toBe(false);
    expect(node.warnings[before]?.reason).toContain('expired on');
  });

  it('that is gone changes nothing', async () => {
    const before = node.warnings.length;
    rmSync(pathOf('key'));
    for (let look = 0; look < 3; look++) node.app.lookForCertificate();
    expect(await isServed(inUse)).toBe(true);
    expect(node.warnings.slice(before).map(({ reason }) => reason)).toEqual([
      `cannot read ${pathOf('key')} (ENOENT)`,
    ]);
  });
});

describe('MQTTS', () => {
  const open = (ca: string) =>
    mqtt.connectAsync(`mqtts://localhost:${node.ports.mqttsPort}`, {
      ca,
      protocolVersion: 4,
      reconnectPeriod: 0,
      connectTimeout: 5_000,
    });

  it('takes publishers, and speaks to nobody without TLS', async () => {
    const service = await build.service(own.database);
    const client = await open(inUse.ca);
    await client.publishAsync(`tocsin/services/${service}/notifications`, '{"title":"over TLS"}', { qos: 1 });
    await client.endAsync();
    const rows = await own.database.query('select title from notification where service_id = $1', [service]);
    expect(rows).toEqual([{ title: 'over TLS' }]);
    expect(
      (await sendRaw(node.ports.mqttsPort ?? 0, Buffer.from('100c00044d5154540402003c0000', 'hex'))).all,
    ).toBe('');
  });

  it('shows a changed certificate to new connections, and open ones live on', async () => {
    const before = await open(inUse.ca);
    const next = newCertificate();
    write(next);
    node.app.lookForCertificate();
    await (await open(next.ca)).endAsync();
    await expect(open(inUse.ca)).rejects.toThrow();
    expect(before.connected).toBe(true);
    await before.publishAsync('tocsin/nobody', '', { qos: 0 });
    await before.endAsync(true);
  });
});

it('stops though handshakes hang', async () => {
  const other = await startNode(own.database, {
    clock: clock.now,
    node: 'there',
    settings: {
      TLS_CERT_FILE: pathOf('cert'),
      TLS_KEY_FILE: pathOf('key'),
      MQTTS_PORT: String(await freePort()),
    },
    files: { TLS_CERT_FILE: inUse.cert, TLS_KEY_FILE: inUse.key },
  });
  const begun = Buffer.from('160301', 'hex');
  const hanging = [other.ports.httpPort, other.ports.mqttsPort].map((port) => sendRaw(port ?? 0, begun));
  await get('/-/health', inUse.ca);
  await other.app.stop();
  expect((await Promise.all(hanging)).map(({ status }) => status)).toEqual([0, 0]);
}, 5_000);
