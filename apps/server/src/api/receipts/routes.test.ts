import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as build from '../../../test/builders.ts';
import { type Person, startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { createReceiptTokens } from '../../receipts/token.ts';

let server: V3Server;
let admin: Person;
let service: string;
beforeAll(async () => {
  server = await startV3Server();
  admin = await server.signedIn('admin', true);
  service = await build.service(server.database);
});
afterAll(() => server.stop());

let notification: number;
let token: string;
beforeEach(async () => {
  const answer = await server.call('POST', `/services/${service}/notifications`, { json: { title: 'T' } });
  notification = (answer.json as { id: number }).id;
  token = server.receiptTokens.issue(notification, 7, admin.id);
});

const report = (event: string, given = token) =>
  server.call('POST', '/receipts', { json: { token: given, event } });
const states = async () => {
  const answer = await server.call('GET', `/notifications/${notification}/counts`, { token: admin.token });
  return (answer.json as { states: Record<string, number> }).states;
};

it.each(['received', 'displayed', 'opened', 'dismissed'])('%s is kept without a login', async (event) => {
  const answer = await report(event);
  expect([answer.status, answer.text]).toEqual([204, '']);
  expect(await states()).toEqual({ [event]: 1 });
});

it('repeated, or out of order, it is still one delivery in its strongest state', async () => {
  for (const event of ['opened', 'received', 'opened', 'received', 'displayed'])
    expect((await report(event)).status).toBe(204);
  expect(await states()).toEqual({ opened: 1 });
});

/** The delivery that `other` names, with the proof that belongs to `token`. */
function withProofOf(other: string): string {
  const [name, proof] = [Buffer.from(other, 'base64url'), Buffer.from(token, 'base64url')];
  return Buffer.concat([name.subarray(0, 16), proof.subarray(16)]).toString('base64url');
}

describe('a token that this server did not issue', () => {
  const otherServer = createReceiptTokens(Buffer.alloc(32, 9));
  const forged: [string, () => string][] = [
    ['one of another server', () => otherServer.issue(notification, 7, admin.id)],
    [
      'the name of another notification',
      () => withProofOf(server.receiptTokens.issue(notification + 1, 7, admin.id)),
    ],
    ['the name of another device', () => withProofOf(server.receiptTokens.issue(notification, 8, admin.id))],
    [
      'the name of another user',
      () => withProofOf(server.receiptTokens.issue(notification, 7, admin.id + 1)),
    ],
    ['one that was cut', () => token.slice(0, -1)],
    ['one in capitals', () => token.toUpperCase()],
    ['a login token', () => admin.token.slice(0, 128)],
    ['nonsense', () => 'nonsense'],
    ['NUL', () => '\0'],
  ];
  it.each(forged)('%s is 403 and nothing is kept', async (_name, forge) => {
    const before = await server.rowCounts();
    const answer = await report('opened', forge());
    expect(answer.json).toMatchObject({ status: 403, code: 'unknown-receipt-token' });
    expect(await server.rowCounts()).toEqual(before);
  });

  it('not one character of it may be another', async () => {
    for (let at = 0; at < token.length; at++) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      expect((await report('opened', changed)).status, changed).toBe(403);
    }
    expect(await states()).toEqual({});
  });
});

describe('a web app of another origin', () => {
  const origin = { origin: 'https://app.example.org' };

  it('may ask whether it may report', async () => {
    const answer = await server.call('OPTIONS', '/receipts', {
      headers: {
        ...origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-methods')).toBe('POST');
    expect(answer.headers.get('access-control-allow-headers')).toBe('content-type');
  });

  it.each([
    ['what was taken', { event: 'opened' }, 204],
    ['what was refused', { event: 'eaten' }, 422],
  ])('may read that answer: %s', async (_name, given, status) => {
    const answer = await server.call('POST', '/receipts', { headers: origin, json: { token, ...given } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it.each(['/inbox', '/sessions', '/services'])('may read nothing at %s', async (path) => {
    for (const method of ['OPTIONS', 'GET'])
      expect(
        (await server.call(method, path, { headers: origin })).headers.get('access-control-allow-origin'),
      ).toBeNull();
  });
});
