import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Problem } from '@tocsin/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { createLoginTokens } from '../../identity/login-tokens.ts';
import { createService } from '../../store/service.ts';
import { BAD_FIELDS, SERVICE } from './testing/bad-fields.ts';
import { BAD_REQUESTS } from './testing/bad-requests.ts';
import { expectUntouched } from './testing/untouched.ts';

const BAD_INPUTS = [...BAD_FIELDS, ...BAD_REQUESTS];

let server: V3Server;
let people: Record<'admin' | 'user', Person>;
let before: Record<string, number>;
beforeAll(async () => {
  server = await startV3Server();
  people = { admin: await server.signedIn('admin', true), user: await server.signedIn('user') };
  await createService(server.database, {
    id: SERVICE,
    category: 'c',
    color: '1f77b4',
    owner: '',
    publishPolicy: 'open',
  });
  before = await server.rowCounts();
});
afterAll(() => server.stop());

afterEach(() => expectUntouched(server, before));

function expectProblem(problem: unknown, status: number, code: string): void {
  expect(problem).toMatchObject({
    type: `/docs/errors#${code}`,
    title: expect.stringMatching(/./),
    status,
    code,
    detail: expect.stringMatching(/./),
    requestId: expect.stringMatching(/./),
  });
}

it('covers more than 150 inputs', () => expect(BAD_INPUTS.length).toBeGreaterThan(150));

describe('is refused, and nothing is stored', () => {
  it.each(BAD_INPUTS)('$method $path: $name', async ({ method, path, as, status, code, field, ...call }) => {
    const answer = await server.call(method, path, { ...call, ...(as && { token: people[as].token }) });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expectProblem(answer.json, status, code);
    expect(answer.headers.get('x-request-id')).toBe((answer.json as Problem).requestId);
    if (field === undefined) return;
    const { faults = [], detail } = answer.json as Problem;
    expect(faults.map((fault) => fault.field)).toContain(field);
    expect(faults.every(({ rule }) => rule !== '')).toBe(true);
    expect(detail.length).toBeLessThan(10_000);
  });

  it('405 says what would have been taken', async () => {
    const answer = await server.call('PUT', '/inbox/1');
    expect(answer.headers.get('allow')).toBe('GET, HEAD, PATCH, OPTIONS');
  });

  it('a gzip bomb is never unpacked', async () => {
    const bomb = Uint8Array.from(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
    const call = { text: bomb, headers: { 'content-encoding': 'gzip' } };
    const answer = await server.call('POST', `/services/${SERVICE}/notifications`, call);
    expectProblem(answer.json, 415, 'unsupported-media-type');
    expect(answer.headers.get('accept-encoding')).toBe('identity');
  });
});

describe('a fault says the field, the rule and the value', () => {
  const publish = (json: object) => server.call('POST', `/services/${SERVICE}/notifications`, { json });

  it('of everything that is wrong, not only the first', async () => {
    const { json } = await publish({ title: 5, priority: 'urgent', ttlSeconds: -1, data: { a: null } });
    expect((json as Problem).faults).toEqual([
      { field: 'body.title', rule: expect.any(String), value: 5 },
      { field: 'body.priority', rule: expect.stringContaining('"critical"'), value: 'urgent' },
      { field: 'body.ttlSeconds', rule: expect.stringContaining('>=0'), value: -1 },
      { field: 'body.data.a', rule: expect.any(String), value: null },
    ]);
    expect((json as Problem).detail).toContain(
      'body.ttlSeconds: Too small: expected number to be >=0 (was -1)',
    );
  });

  it('a field that is missing is needed, and has no value', async () => {
    expect(((await publish({})).json as Problem).faults).toEqual([
      { field: 'body.title', rule: 'is needed' },
    ]);
  });

  it('a long value is cut, and a broken one is made readable', async () => {
    const { json } = await publish({ title: 'x'.repeat(100_000), url: 'a\0\ud800' });
    const [title, url] = (json as Problem).faults ?? [];
    expect(String(title?.value)).toBe(`${'x'.repeat(200)}…`);
    expect(url?.value).toBe('a\ufffd\ufffd');
  });

  it('at most 20 of them are listed', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`f${n}`, n]));
    expect(((await publish(unknown)).json as Problem).faults).toHaveLength(20);
  });
});

describe('a token', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sign = (header: object, claims: object, secret = Buffer.alloc(32, 7)) => {
    const text = `${part(header)}.${part(claims)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const HS256 = { alg: 'HS256', typ: 'JWT' };
  const claims = (more: object = {}) => ({ sub: 'admin', exp: 9_999_999_999, jti: SERVICE, ...more });
  const mine = () => people.user.token;
  const TOKENS: [string, () => string][] = [
    ['nothing', () => ''],
    ['Basic', () => 'Basic YWRtaW46YWRtaW4='],
    ['Bearer without a token', () => 'Bearer'],
    ['a service key', () => 'Bearer tsk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['one with two parts', () => `Bearer ${mine().split('.').slice(0, 2).join('.')}`],
    ['one with four parts', () => `Bearer ${mine()}.x`],
    ['one whose signature was changed', () => `Bearer ${mine().slice(0, -2)}AA`],
    ['one without a signature', () => `Bearer ${mine().replace(/[^.]*$/, '')}`],
    ['one with alg none', () => `Bearer ${part({ alg: 'none' })}.${part(claims())}.`],
    ['one of another secret', () => `Bearer ${sign(HS256, claims(), Buffer.alloc(32, 1))}`],
    ['our signature under another alg', () => `Bearer ${sign({ alg: 'HS512' }, claims())}`],
    ['one that was never stored', () => `Bearer ${sign(HS256, claims())}`],
    ['one whose id is no UUID', () => `Bearer ${sign(HS256, claims({ jti: "x' or 1=1" }))}`],
    ['one without an id', () => `Bearer ${sign(HS256, claims({ jti: undefined }))}`],
    ['one without a name', () => `Bearer ${sign(HS256, claims({ sub: undefined }))}`],
    ['one of somebody unknown', () => `Bearer ${sign(HS256, claims({ sub: 'nobody' }))}`],
    ['one whose name is a number', () => `Bearer ${sign(HS256, claims({ sub: 5 }))}`],
    ['one that has expired', () => `Bearer ${sign(HS256, claims({ exp: 1 }))}`],
    ['one that expires as a text', () => `Bearer ${sign(HS256, claims({ exp: '9999999999' }))}`],
    ['one of claims that are no object', () => `Bearer ${sign(HS256, [])}`],
    ['10,000 characters', () => `Bearer ${'x'.repeat(10_000)}`],
    [
      'one issued from the future',
      () => `Bearer ${createLoginTokens(Buffer.alloc(32, 8)).issue('admin', Date.now()).token}`,
    ],
  ];

  it.each(TOKENS)('%s is 401 and says how to sign in', async (_name, token) => {
    const answer = await server.call('GET', '/inbox', { headers: { authorization: token() } });
    expectProblem(answer.json, 401, 'not-authenticated');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });
});

describe('the id of a request', () => {
  const ask = (headers: Record<string, string> = {}) => server.call('GET', '/inbox', { headers });

  it("is the caller's own when it can stand in a log", async () => {
    const answer = await ask({ 'x-request-id': 'proxy-0123456789' });
    expect(answer.headers.get('x-request-id')).toBe('proxy-0123456789');
    expect(answer.json).toMatchObject({ requestId: 'proxy-0123456789' });
  });

  it.each(['short', 'x'.repeat(65), 'two words here', '{"level":50}'])(
    'is a new one instead of %j',
    async (given) => {
      const answer = await ask({ 'x-request-id': given });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});
