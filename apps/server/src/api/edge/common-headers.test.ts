/** What every answer carries, whoever wrote it; and pages of other servers. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { sendRaw } from '../../../test/raw-http.ts';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { parseNetworks } from '../../lib/network.ts';
import { createClient } from './client.ts';

const FRIEND = 'https://console.example.org';
const API_POLICY = "default-src 'none'; frame-ancestors 'none'";
const OF_ALL = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

let server: V3Server;
let user: Person;
let service: string;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-inbox-'));
  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'index.html'), '<meta name="csp-nonce" content="{{style-nonce}}">');
  writeFileSync(join(directory, 'assets', 'app.js'), '1');
  writeFileSync(join(directory, 'sw.js'), '1');
  server = await startV3Server({
    inboxDirectory: directory,
    corsOrigins: new Set([FRIEND]),
    api: { client: createClient(parseNetworks(['127.0.0.1'])) },
  });
  user = await server.signedIn('user');
  service = await build.service(server.database);
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
});

const publish = (version: string, headers = {}) =>
  server.request('POST', `/api/${version}/services/${service}/notifications`, {
    json: { title: 't' },
    headers,
  });
const ask = (path: string, headers = {}) => server.request('GET', path, { headers });
const policyOf = ({ headers }: { headers: Headers }) => headers.get('content-security-policy') ?? '';

describe('an answer of the API', () => {
  const ANSWERS: readonly [string, number, (headers?: object) => ReturnType<typeof ask>][] = [
    ['a publish to v3', 201, (headers) => publish('v3', headers)],
    ['a publish to v2', 201, (headers) => publish('v2', headers)],
    ['a publish to v1', 201, (headers) => publish('v1', headers)],
    ['a refused login', 401, (headers) => ask('/api/v3/inbox', headers)],
    ['a refused login of v2', 401, (headers) => ask('/api/v2/users/', headers)],
    ['an unknown address', 404, (headers) => ask('/api/v3/nothing', headers)],
    ['an unreadable address', 400, (headers) => ask('/api/v3/%zz', headers)],
    ['an OpenAPI document', 200, (headers) => ask('/api/v3/openapi.json', headers)],
    ['the health', 200, (headers) => ask('/-/health', headers)],
    ['the metrics', 200, (headers) => ask('/metrics', headers)],
  ];

  it.each(ANSWERS)(
    'to %s runs nothing, is kept nowhere and says nothing of HTTPS',
    async (_name, status, get) => {
      const answer = await get();
      expect(answer.status).toBe(status);
      const headers = Object.fromEntries(answer.headers);
      expect(headers).toMatchObject({
        ...OF_ALL,
        'content-security-policy': API_POLICY,
        'cache-control': 'no-store',
        'x-request-id': expect.stringMatching(/^[\w.-]{8,64}$/),
      });
      expect(headers).not.toHaveProperty('strict-transport-security');
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    },
  );

  it.each(ANSWERS)(
    'to %s holds the browser to HTTPS when a trusted proxy says it came by it',
    async (_name, _status, get) => {
      const { headers } = await get({ 'x-forwarded-proto': 'https' });
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    },
  );

  it('is as safe on a live stream', async () => {
    const stop = new AbortController();
    const { headers } = await fetch(`${server.origin}/api/v3/stream`, {
      headers: { authorization: `Bearer ${user.token}` },
      signal: stop.signal,
    });
    expect(Object.fromEntries(headers)).toMatchObject({
      ...OF_ALL,
      'content-security-policy': API_POLICY,
      'cache-control': 'no-store',
    });
    stop.abort();
  });

  it('is as safe to what is no HTTP', async () => {
    const { head } = await sendRaw(server.port, 'nonsense\r\n\r\n');
    expect(head).toContain(`Content-Security-Policy: ${API_POLICY}`);
    expect(head).toContain('Cache-Control: no-store');
  });
});

describe('the app', () => {
  it('runs scripts and styles of its own files only', async () => {
    for (const path of ['/', '/messages/1', '/index.html', '/sw.js', '/assets/app.js']) {
      const answer = await ask(path);
      expect(answer.status, path).toBe(200);
      const policy = policyOf(answer);
      for (const part of [
        "default-src 'self'",
        "script-src 'self';",
        "style-src 'self'",
        "style-src-attr 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
      ])
        expect(policy, path).toContain(part);
      expect(policy, path).not.toMatch(/unsafe|https?:|\*/);
      expect(Object.fromEntries(answer.headers), path).toMatchObject(OF_ALL);
    }
  });

  it('names another nonce in every page, the one of its policy', async () => {
    const pages = [await ask('/'), await ask('/')];
    const nonces = pages.map((page) => /content="([^"]+)"/.exec(page.text)?.[1] ?? '');
    expect(new Set(nonces).size).toBe(2);
    for (const [index, page] of pages.entries()) {
      expect(policyOf(page)).toContain(`style-src 'self' 'nonce-${nonces[index]}'`);
      expect(page.headers.get('cache-control')).toBe('no-cache');
    }
  });

  it('lets browsers keep what is named by its content, and nothing else', async () => {
    const kept = async (path: string) => (await ask(path)).headers.get('cache-control');
    expect(await kept('/assets/app.js')).toBe('public, max-age=31536000, immutable');
    expect(await kept('/sw.js')).toBe('no-cache');
  });
});

describe('a page of another server', () => {
  const preflight = (origin: string, path = `/api/v3/services/${service}/notifications`) =>
    server.request('OPTIONS', path, {
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
  const corsOf = ({ headers }: { headers: Headers }) =>
    Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));

  it('that is listed may use API v3, without cookies', async () => {
    const asked = await preflight(FRIEND);
    expect(asked.status).toBe(204);
    expect(corsOf(asked)).toEqual({
      'access-control-allow-origin': FRIEND,
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': expect.stringContaining('Authorization, Content-Type'),
      'access-control-max-age': '600',
    });
    for (const answer of [
      await publish('v3', { origin: FRIEND }),
      await ask('/api/v3/inbox', { origin: FRIEND }),
    ]) {
      expect(corsOf(answer)).toMatchObject({ 'access-control-allow-origin': FRIEND });
      expect(corsOf(answer)).not.toHaveProperty('access-control-allow-credentials');
      expect(answer.headers.get('vary')).toBe('Origin');
    }
  });

  it.each([
    ['null', 'null'],
    ['a neighbour', 'https://console.example.org.evil.example'],
    ['the same host in the clear', 'http://console.example.org'],
    ['another port', 'https://console.example.org:8443'],
  ])('that is not listed is told nothing: %s', async (_name, origin) => {
    for (const answer of [await preflight(origin), await publish('v3', { origin })])
      expect(corsOf(answer)).toEqual({});
  });

  it('may use API v3 only', async () => {
    for (const answer of [
      await publish('v2', { origin: FRIEND }),
      await preflight(FRIEND, '/api/v2/login'),
      await ask('/', { origin: FRIEND }),
    ])
      expect(corsOf(answer)).toEqual({});
  });
});
