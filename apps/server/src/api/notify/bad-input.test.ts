import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NotifyServer, startNotifyServer } from '../../../test/notify-server.ts';

interface Observed {
  readonly method: string;
  readonly path: string;
  readonly label: string | null;
  readonly login: boolean;
  readonly body: string | null;
  readonly status: number;
  readonly detail: unknown;
}

/** One per line: what FastAPI 0.115 with pydantic 2.10 answers to routes declared as in notify-api.md §1.2. */
const OBSERVED = readFileSync(new URL('./fastapi-answers.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Observed);

let server: NotifyServer;
let token: string;
beforeAll(async () => {
  server = await startNotifyServer();
  ({ token } = await server.signedIn('admin', true));
});
afterAll(() => server.stop());

const SERVICE = '8f14e45f-ceea-467f-9575-1f4b6d7a1c11';
const publish = (body: unknown) =>
  server.call('POST', `/v2/services/${SERVICE}/notifications`, { json: body });

describe('what FastAPI refuses, in its own words', () => {
  it('covers more than 80 inputs', () => expect(OBSERVED.length).toBeGreaterThan(80));

  it.each(OBSERVED)('$method $path $label $body', async (observed) => {
    const answer = await server.call(observed.method, `/v2${observed.path}`, {
      token: observed.login ? token : undefined,
      text: observed.body ?? undefined,
      label: observed.label,
    });
    expect(answer.text).toBe(JSON.stringify({ detail: observed.detail }));
    expect(answer.status).toBe(observed.status);
  });
});

describe('what only this server must refuse', () => {
  it.each([
    ['NUL in the title', { title: 'a\0b' }, 'title', 'value_error'],
    ['NUL in the subtitle', { title: 't', subtitle: '\0' }, 'subtitle', 'value_error'],
    ['NUL in the url', { title: 't', url: '\0' }, 'url', 'value_error'],
    ['half a surrogate pair', { title: '\ud800' }, 'title', 'value_error'],
    ['a title of 1,025 characters', { title: 'x'.repeat(1_025) }, 'title', 'string_too_long'],
    [
      'a subtitle of 32,769 characters',
      { title: 't', subtitle: 'x'.repeat(32_769) },
      'subtitle',
      'string_too_long',
    ],
    ['an unknown priority', { title: 't', priority: 'urgent' }, 'priority', 'enum'],
    ['a priority that is a number', { title: 't', priority: 5 }, 'priority', 'enum'],
    ['a negative ttl', { title: 't', ttl: -1 }, 'ttl', 'greater_than_equal'],
    ['a ttl of more than 28 days', { title: 't', ttl: 2_419_201 }, 'ttl', 'less_than_equal'],
    ['half a second of ttl', { title: 't', ttl: 0.5 }, 'ttl', 'int_from_float'],
    ['a ttl that is a word', { title: 't', ttl: 'soon' }, 'ttl', 'int_parsing'],
    ['a body that is no text', { title: 't', body: {} }, 'body', 'string_type'],
    ['NUL in the body', { title: 't', body: '\0' }, 'body', 'value_error'],
    [
      'a collapse key of 65 characters',
      { title: 't', collapse_key: 'k'.repeat(65) },
      'collapse_key',
      'string_too_long',
    ],
    [
      'a collapse key of 66 bytes',
      { title: 't', collapse_key: 'é'.repeat(33) },
      'collapse_key',
      'value_error',
    ],
  ])('%s', async (_name, body, field, type) => {
    const answer = await publish(body);
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ detail: [{ loc: ['body', field], type }] });
  });

  it.each([
    ['', 'string_too_short'],
    ['k'.repeat(256), 'string_too_long'],
  ])('the Idempotency-Key %j', async (key, type) => {
    const answer = await server.call('POST', `/v2/services/${SERVICE}/notifications`, {
      json: { title: 't' },
      headers: { 'idempotency-key': key },
    });
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ detail: [{ loc: ['header', 'idempotency-key'], type }] });
  });

  it.each(['category', 'owner'])('NUL in the %s of a service', async (field) => {
    const json = { category: 'c', color: 'aabbcc', owner: 'o', [field]: '\0' };
    const answer = await server.call('POST', '/v2/services/', { token, json });
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ detail: [{ loc: ['body', field], type: 'value_error' }] });
  });

  it('NUL in a device token', async () => {
    const answer = await server.call('POST', '/v2/users/user/device-token', {
      token,
      json: { device_token: '\0' },
    });
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ detail: [{ loc: ['body', 'device_token'] }] });
  });

  it.each([
    ['NUL', 'a%00b', 422],
    ['bytes that are no UTF-8', '%ff', 401],
  ])('a user name with %s', async (_name, username, status) => {
    const text = `username=${username}&password=x`;
    const answer = await server.call('POST', '/v2/login', {
      text,
      label: 'application/x-www-form-urlencoded',
    });
    expect(answer.status).toBe(status);
  });
});

describe('bodies that cannot be read', () => {
  const post = (text: string | Uint8Array<ArrayBuffer>, label = 'application/json') =>
    server.call('POST', `/v2/services/${SERVICE}/notifications`, { text, label });

  it('400 when it is not UTF-8', async () => {
    const answer = await post(Uint8Array.from([0x22, 0xff, 0x22]));
    expect([answer.status, answer.json]).toEqual([400, { detail: 'There was an error parsing the body' }]);
  });

  it.each([100_000, 400_000])('400 when it is nested %d deep', async (depth) => {
    const answer = await post('['.repeat(depth) + ']'.repeat(depth));
    expect([answer.status, answer.json]).toEqual([400, { detail: 'There was an error parsing the body' }]);
  });

  it('422 when it is nested deep and never closed', async () => {
    const answer = await post('['.repeat(400_000));
    expect(answer.json).toMatchObject({ detail: [{ type: 'json_invalid', loc: ['body', 400_000] }] });
  });

  it('413 with a detail when it is larger than 1 MiB', async () => {
    const answer = await post(`{"title":"${'x'.repeat(1024 * 1024)}"}`);
    expect([answer.status, answer.json]).toEqual([413, { detail: 'Request Entity Too Large' }]);
  });

  it.each([
    ['UTF-8 with a byte order mark', Buffer.from('\ufeff{"title":5}')],
    ['UTF-16 little endian', Buffer.from('\ufeff{"title":5}', 'utf16le')],
    ['UTF-16 big endian', Buffer.from('\ufeff{"title":5}', 'utf16le').swap16()],
  ])('%s is understood', async (_name, bytes) => {
    const answer = await post(Uint8Array.from(bytes));
    expect(answer.json).toMatchObject({
      detail: [{ type: 'string_type', loc: ['body', 'title'], input: 5 }],
    });
  });
});
