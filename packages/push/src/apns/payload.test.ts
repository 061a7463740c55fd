import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleNotification } from '../../testing/batch.ts';
import type { Notification } from '../notification.ts';
import { MOST_PAYLOAD_BYTES, SHORTER_PAYLOAD_BYTES } from './config.ts';
import { buildPayload } from './payload.ts';

const RECEIPT = 'r-1_token';

function render(given: Partial<Notification>, app = 'own', badge = 3, maxBytes = MOST_PAYLOAD_BYTES) {
  const payload = buildPayload(sampleNotification(given), app, RECEIPT.length, maxBytes);
  const target = Buffer.alloc(payload.maxBytes);
  const size = payload.write(badge, RECEIPT, target, 0);
  return { size, payload: JSON.parse(target.toString('utf8', 0, size)) };
}

describe('the payload for Notify clients', () => {
  it('has the text in subtitle, its first 256 characters, and no key Notify never sent in aps', () => {
    const { payload } = render({ subtitle: 's'.repeat(300), body: 'never shown', priority: 'critical' }, '');
    expect(payload).toEqual({
      aps: { alert: { title: 'T1', subtitle: 's'.repeat(256) }, badge: 3, sound: 'default' },
      id: 42,
      receipt: RECEIPT,
    });
  });

  it('shows the body when there is no subtitle', () => {
    expect(render({ subtitle: '', body: 'B1' }, '').payload.aps.alert).toEqual({
      title: 'T1',
      subtitle: 'B1',
    });
  });
});

describe('the payload for other apps', () => {
  it('has the alert in aps and everything else beside it', () => {
    const actions = [{ id: 'ack', title: 'Acknowledge' }];
    expect(render({ body: 'B1', actions, data: { sector: '4' } }).payload).toEqual({
      aps: {
        alert: { title: 'T1', subtitle: 'S1', body: 'B1' },
        badge: 3,
        sound: 'default',
        'thread-id': 'f848b451-e3c8-497b-a6da-2cb571d9d95e',
        'mutable-content': 1,
        'interruption-level': 'active',
      },
      id: 42,
      uuid: '3f2b8c1e-9d4a-4f6b-8a7c-5e1d2c3b4a5f',
      service: 'f848b451-e3c8-497b-a6da-2cb571d9d95e',
      serviceName: 'Vacuum',
      color: '0b6e99',
      url: 'https://example.org/log/1',
      actions,
      data: { sector: '4' },
      receipt: RECEIPT,
    });
  });

  it.each([
    ['low', 'passive'],
    ['normal', 'active'],
    ['high', 'active'],
    ['critical', 'time-sensitive'],
  ] as const)('of %s priority is %s, which needs no entitlement of Apple', (priority, level) => {
    expect(render({ priority }).payload.aps['interruption-level']).toBe(level);
  });

  it('leaves the badge alone when there is none', () => {
    expect(render({}, 'own', -1).payload.aps).not.toHaveProperty('badge');
    expect(render({}, 'own', 0).payload.aps.badge).toBe(0);
  });

  it('never cuts a link or data: what does not fit is left out, and the texts stay', () => {
    const { payload } = render({ body: 'B1', url: `https://x.org/${'a'.repeat(3_000)}`, data: { k: 'v' } });
    expect(payload).not.toHaveProperty('url');
    expect(payload).toMatchObject({ aps: { alert: { body: 'B1' } }, data: { k: 'v' } });
  });

  it('shortens the largest text first', () => {
    const { payload } = render({ title: 'T'.repeat(200), body: '漢'.repeat(5_000) });
    expect(payload.aps.alert.title).toBe('T'.repeat(200));
    expect(payload.aps.alert.body).toMatch(/^漢+…$/);
  });
});

describe('every payload', () => {
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
    data: fc.dictionary(fc.string(), text, { maxKeys: 5 }),
    actions: fc.array(fc.record({ id: fc.string(), title: text }), { maxLength: 3 }),
  });

  it.each([MOST_PAYLOAD_BYTES, SHORTER_PAYLOAD_BYTES])('fits into %i bytes and is whole JSON', (maxBytes) => {
    fc.assert(
      fc.property(notification, fc.constantFrom('', 'own'), fc.integer({ min: -1 }), (given, app, badge) => {
        const { size, payload } = render(given, app, badge, maxBytes);
        expect(size).toBeLessThanOrEqual(maxBytes);
        expect(payload).toMatchObject({ id: 42, receipt: RECEIPT });
      }),
    );
  });
});
