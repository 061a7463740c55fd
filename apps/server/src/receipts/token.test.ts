import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReceiptTokens } from './token.ts';

const tokens = createReceiptTokens(randomBytes(32));
/** As many as the token has room for: 6 bytes of notifications, 5 of devices and of users. */
const upTo = (bytes: number) => fc.integer({ min: 1, max: 2 ** (8 * bytes) - 1 });

describe('a receipt token', () => {
  it('names the delivery it was issued for', () => {
    fc.assert(
      fc.property(upTo(6), upTo(5), upTo(5), (notificationId, deviceId, userId) => {
        expect(tokens.open(tokens.issue(notificationId, deviceId, userId))).toEqual({
          notificationId,
          deviceId,
          userId,
        });
      }),
    );
  });

  it('is the same whether made alone or with others', () => {
    const all = tokens.issueAll(5, [1, 2, 3], [7, 8, 9]);
    expect(all).toEqual([tokens.issue(5, 1, 7), tokens.issue(5, 2, 8), tokens.issue(5, 3, 9)]);
    expect(new Set(all).size).toBe(3);
    expect(tokens.issueAll(5, [], [])).toEqual([]);
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
    for (const junk of ['', '.', 'A'.repeat(39), 'A'.repeat(40), 'A'.repeat(41), `${'A'.repeat(39)}=`]) {
      expect(tokens.open(junk)).toBeNull();
    }
  });
});
