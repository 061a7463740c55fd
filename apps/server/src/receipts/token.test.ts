import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReceiptTokens } from './token.ts';

const tokens = createReceiptTokens(randomBytes(32));
const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

describe('a receipt token', () => {
  it('names the delivery it was issued for', () => {
    fc.assert(
      fc.property(id, id, id, (notificationId, deviceId, userId) => {
        expect(tokens.open(tokens.issue(notificationId, deviceId, userId))).toEqual({
          notificationId,
          deviceId,
          userId,
        });
      }),
    );
  });

  it('is refused when any character was changed', () => {
    const token = tokens.issue(7, 8, 9);
    for (let index = 0; index < token.length; index++) {
      const other = token[index] === '1' ? '2' : '1';
      expect(tokens.open(token.slice(0, index) + other + token.slice(index + 1))).toBeNull();
    }
  });

  it('is refused when another server made it, or nobody', () => {
    expect(tokens.open(createReceiptTokens(randomBytes(32)).issue(1, 2, 3))).toBeNull();
    for (const junk of [
      '',
      '.',
      '1.2.3',
      '1.2.3.',
      '1.2.3.short',
      `${'z'.repeat(40)}.1.1.${'a'.repeat(16)}`,
    ]) {
      expect(tokens.open(junk)).toBeNull();
    }
  });
});
