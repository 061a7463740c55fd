import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleNotification } from '../../testing/batch.ts';
import { faultOf } from '../../testing/fcm/message.ts';
import type { Notification } from '../notification.ts';
import { buildMessage } from './payload.ts';

const TOKEN = 'cWxY:APA91b';
const RECEIPT = 'r-1_token';

function render(given: Partial<Notification>, app = 'own') {
  const message = buildMessage(sampleNotification(given), app, RECEIPT.length);
  const target = Buffer.alloc(message.fixedBytes + TOKEN.length + RECEIPT.length);
  const body = target.subarray(0, message.write([TOKEN, RECEIPT], target, 0));
  return { body, message: JSON.parse(body.toString()).message };
}

describe('the message for Notify clients', () => {
  it('has the subtitle as body, its first 256 characters', () => {
    const { message } = render({ subtitle: 's'.repeat(300), body: 'never shown' }, '');
    expect(message.data).toMatchObject({ title: 'T1', body: 's'.repeat(256) });
    expect(Object.keys(message.data).sort()).toEqual(['body', 'id', 'receipt', 'tag', 'title', 'url']);
  });
});

describe('the message for other apps', () => {
  it('has everything as strings, and no notification that the system would draw by itself', () => {
    const actions = [{ id: 'ack', title: 'Acknowledge' }];
    expect(render({ body: 'B1', actions, data: { from: 'reserved only at the top' } }).message).toEqual({
      token: TOKEN,
      data: {
        title: 'T1',
        subtitle: 'S1',
        body: 'B1',
        url: 'https://example.org/log/1',
        uuid: '3f2b8c1e-9d4a-4f6b-8a7c-5e1d2c3b4a5f',
        service: 'f848b451-e3c8-497b-a6da-2cb571d9d95e',
        serviceName: 'Vacuum',
        color: '0b6e99',
        priority: 'normal',
        timestamp: '1790000000000',
        actions: JSON.stringify(actions),
        data: '{"from":"reserved only at the top"}',
        id: '42',
        tag: '3f2b8c1e-9d4a-4f6b-8a7c-5e1d2c3b4a5f',
        receipt: RECEIPT,
      },
      android: { priority: 'high', ttl: '86400s' },
    });
  });

  it.each([
    [{ priority: 'low' }, { priority: 'normal', ttl: '86400s' }],
    [{ ttlSeconds: 0 }, { priority: 'high', ttl: '0s' }],
    [{ ttlSeconds: 99_999_999 }, { priority: 'high', ttl: '2419200s' }],
  ] as const)('%o is for Android %o', (given, android) => {
    expect(render(given).message.android).toEqual(android);
  });
});

describe('every message', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.integer({ min: 0, max: 6_000 }).map((count) => '"'.repeat(count)),
    fc.integer({ min: 0, max: 3_000 }).map((count) => '🔔'.repeat(count)),
  );
  const notification = fc.record({
    title: text,
    subtitle: text,
    body: text,
    url: text,
    serviceName: text,
    collapseKey: fc.option(fc.string({ maxLength: 60 })),
    data: fc.dictionary(fc.string(), text, { maxKeys: 5 }),
    actions: fc.array(fc.record({ id: fc.string(), title: text }), { maxLength: 3 }),
  });

  it("keeps to Google's schema and size", () => {
    fc.assert(
      fc.property(notification, fc.constantFrom('', 'own'), (given, app) => {
        expect(faultOf(render(given, app).body)).toBeNull();
      }),
    );
  });
});
