import { describe, expect, it } from 'vitest';
import { ACCEPTED, gone, type Outcome, refused, retry } from '../outcome.ts';
import { readAnswer, readName } from './outcome.ts';

interface Given {
  readonly code?: string;
  readonly word?: string;
  readonly field?: string;
}

/** As Google prints it (bloomberg/pushiko, docs/fcm_responses.md), with an English text that says nothing. */
function body(status: number, { code, word, field }: Given): Buffer {
  const details = [
    ...(code ? [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: code }] : []),
    ...(field
      ? [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field }] }]
      : []),
  ];
  return Buffer.from(
    JSON.stringify({ error: { code: status, message: 'UNREGISTERED', status: word, details } }),
  );
}

const park = (reason: string) => retry(reason, null, 'provider');

const TABLE: readonly (readonly [number, Given, Outcome])[] = [
  [
    400,
    { code: 'INVALID_ARGUMENT', word: 'INVALID_ARGUMENT', field: 'message.token' },
    gone('INVALID_ARGUMENT message.token'),
  ],
  [
    400,
    { code: 'INVALID_ARGUMENT', word: 'INVALID_ARGUMENT', field: 'message.data' },
    refused('INVALID_ARGUMENT'),
  ],
  [400, { code: 'INVALID_ARGUMENT', word: 'INVALID_ARGUMENT' }, refused('INVALID_ARGUMENT')],
  [401, { code: 'THIRD_PARTY_AUTH_ERROR', word: 'UNAUTHENTICATED' }, refused('THIRD_PARTY_AUTH_ERROR')],
  [401, { word: 'UNAUTHENTICATED' }, park('UNAUTHENTICATED')],
  [403, { code: 'SENDER_ID_MISMATCH', word: 'PERMISSION_DENIED' }, gone('SENDER_ID_MISMATCH')],
  [403, { word: 'PERMISSION_DENIED' }, park('PERMISSION_DENIED')],
  [404, { code: 'UNREGISTERED', word: 'NOT_FOUND' }, gone('UNREGISTERED')],
  [404, { code: 'UNREGISTERED_FID', word: 'NOT_FOUND' }, gone('UNREGISTERED_FID')],
  [404, { word: 'NOT_FOUND' }, park('NOT_FOUND')],
  [429, { code: 'QUOTA_EXCEEDED', word: 'RESOURCE_EXHAUSTED' }, retry('QUOTA_EXCEEDED', 60_000)],
  [500, { code: 'INTERNAL', word: 'INTERNAL' }, retry('INTERNAL', 10_000)],
  [503, { code: 'UNAVAILABLE', word: 'UNAVAILABLE' }, retry('UNAVAILABLE', 10_000)],
];

describe("Google's table of errors", () => {
  it.each(TABLE)('%i %o', (status, given, outcome) => {
    expect(readAnswer(status, body(status, given), null)).toEqual(outcome);
  });

  it('is read by its code, never by its words, which even name another code here', () => {
    expect(readAnswer(403, body(403, {}), null)).toEqual(park('status 403'));
  });

  it('waits as long as Retry-After says', () => {
    expect(readAnswer(503, body(503, { code: 'UNAVAILABLE' }), 5_000)).toEqual(retry('UNAVAILABLE', 5_000));
  });

  it.each([
    '',
    '[]',
    'null',
    '{"error":"x"}',
    '{"error":{"details":"x"}}',
    '{"error":{"details":[null]}}',
    '<html>',
  ])('blames no device for a body like %s', (text) => {
    for (const status of [400, 401, 403, 404]) {
      expect(readAnswer(status, Buffer.from(text), null)).toEqual(park(`status ${status}`));
    }
    expect(readAnswer(502, Buffer.from(text), null)).toEqual(retry('status 502', 10_000));
  });

  it('takes 200 whatever its body, and its name where there is one', () => {
    expect(readAnswer(200, Buffer.alloc(0), null)).toBe(ACCEPTED);
    expect(readName(Buffer.from('{\n  "name": "projects/p/messages/0:1%2"\n}'))).toBe(
      'projects/p/messages/0:1%2',
    );
    expect(readName(Buffer.from('<html>'))).toBeUndefined();
  });
});
