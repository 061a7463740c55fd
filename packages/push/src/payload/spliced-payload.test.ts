import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spliceJson } from './spliced-payload.ts';

const receipt = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_') });

describe('a spliced payload', () => {
  it('is the JSON that would have been written for each device, whatever stands around the holes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.nat(),
        receipt,
        fc.nat(9),
        (text, badge, token, offset) => {
          const payload = spliceJson((hole) => ({
            [text]: text,
            badge: hole(0, 'number'),
            receipt: hole(1, 'text'),
          }));
          const expected = JSON.stringify({ [text]: text, badge, receipt: token });
          const target = Buffer.alloc(offset + payload.fixedBytes + 20 + token.length, '#');
          const size = payload.write([String(badge), token], target, offset);
          expect(target.toString('utf8', offset, offset + size)).toBe(expected);
          expect(size).toBe(payload.fixedBytes + String(badge).length + token.length);
          // Nothing beside it was touched.
          expect(target.subarray(0, offset).every((byte) => byte === 0x23)).toBe(true);
          expect(target.subarray(offset + size).every((byte) => byte === 0x23)).toBe(true);
        },
      ),
    );
  });

  it('keeps no value of the device before', () => {
    const payload = spliceJson((hole) => ({ receipt: hole(0, 'text') }));
    const target = Buffer.alloc(64);
    payload.write(['a-long-receipt-token'], target, 0);
    expect(target.toString('utf8', 0, payload.write(['b'], target, 0))).toBe('{"receipt":"b"}');
  });
});
