import { describe, expect, it } from 'vitest';
import { batchFor, NOTIFICATION } from '../../testing/webpush/batch.ts';
import type { Notification } from '../notification.ts';
import { buildJsonPayload, fillHoles, mostHolesBytes } from './json-payload.ts';

function encode(changes: Partial<Notification> = {}, maxBytes = 4_000, badge = 3) {
  const batch = { ...batchFor([{ address: 'x' }], changes), badges: [badge] };
  const payload = buildJsonPayload(batch.notification, maxBytes, mostHolesBytes(batch));
  const values = ['', ''];
  fillHoles(batch, 0, values);
  const target = Buffer.alloc(200_000);
  const bytes = target.subarray(0, payload.write(values, target, 0));
  return { size: bytes.length, json: JSON.parse(bytes.toString()) as Record<string, unknown> };
}

describe('the JSON our clients read', () => {
  it('holds everything the notification says, the badge and the receipt token', () => {
    expect(encode().json).toEqual({
      id: 42,
      uuid: NOTIFICATION.uuid,
      title: 'Magnet quench',
      subtitle: 'Sector 4–5',
      body: 'Helium pressure “high” 🚨',
      url: 'https://status.example.org/quench',
      service: NOTIFICATION.serviceId,
      serviceName: 'Cryogenics',
      color: NOTIFICATION.color,
      priority: 'high',
      badge: 3,
      receipt: 'r1',
      tag: NOTIFICATION.uuid,
      timestamp: NOTIFICATION.timestamp,
      actions: [{ id: 'ack', title: 'Acknowledge' }],
      data: { sector: '45' },
    });
  });

  it('has no badge for a user without one', () => {
    expect(encode({}, 4_000, -1).json.badge).toBeNull();
  });

  it('carries the publisher’s collapse key as tag', () => {
    expect(encode({ collapseKey: 'sector-45' }).json.tag).toBe('sector-45');
  });

  it('shortens the longest text to the limit, between characters', () => {
    const { json, size } = encode({ body: '🚨'.repeat(5_000) }, 3_993);
    expect(size).toBeLessThanOrEqual(3_993);
    expect(size).toBeGreaterThan(3_950);
    expect(json.title).toBe('Magnet quench');
    expect(json.body).toMatch(/^(🚨)+…$/u);
  });

  it('leaves out data that does not fit, then buttons and address, never half of them', () => {
    const withData = encode({ data: { log: 'x'.repeat(5_000) } }, 3_993).json;
    expect(withData).toMatchObject({ data: {}, url: NOTIFICATION.url, body: NOTIFICATION.body });
    const withUrl = encode({ url: `https://example.org/${'x'.repeat(5_000)}` }, 3_993).json;
    expect(withUrl).toMatchObject({ data: {}, actions: [], url: '', body: NOTIFICATION.body });
  });

  it('does not confuse a text that looks like a hole with one', () => {
    const { json } = encode({ title: '\u001f0\u001f', body: '"0:number"' });
    expect(json).toMatchObject({ title: '\u001f0\u001f', body: '"0:number"', badge: 3 });
  });
});
