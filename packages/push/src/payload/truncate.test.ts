import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutBytes, fitTexts, truncateBytes, truncateUnits } from './truncate.ts';

/** Whole characters of every length in UTF-8. */
const text = fc.string({ unit: fc.constantFrom('a', '"', 'ü', '漢', '🔔', '\n') });
const room = fc.nat(40);

describe('cutting a text', () => {
  it('to bytes keeps the longest beginning that fits, never half a character', () => {
    fc.assert(
      fc.property(text, room, (whole, maxBytes) => {
        const cut = cutBytes(whole, maxBytes);
        expect(whole.startsWith(cut)).toBe(true);
        expect(cut.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
        const [next = ''] = whole.slice(cut.length);
        if (next !== '') expect(Buffer.byteLength(cut + next)).toBeGreaterThan(maxBytes);
      }),
    );
  });

  it('to bytes with a mark says that something is missing, when there is room to say so', () => {
    fc.assert(
      fc.property(text, room, (whole, maxBytes) => {
        const cut = truncateBytes(whole, maxBytes);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
        expect(cut.isWellFormed()).toBe(true);
        if (Buffer.byteLength(whole) <= maxBytes) expect(cut).toBe(whole);
        else if (maxBytes >= 3) expect(cut.endsWith('…')).toBe(true);
      }),
    );
  });

  it('to UTF-16 units never leaves half a surrogate pair', () => {
    fc.assert(
      fc.property(text, room, (whole, count) => {
        const cut = truncateUnits(whole, count);
        expect(whole.startsWith(cut)).toBe(true);
        expect(cut.isWellFormed()).toBe(true);
        expect(cut.length).toBeLessThanOrEqual(count);
        expect(cut.length).toBeGreaterThanOrEqual(Math.min(whole.length, count - 1));
      }),
    );
  });
});

describe('fitting texts', () => {
  const sizeOf = (built: string) => Buffer.byteLength(built);

  it('fits whatever is written, also when JSON needs more bytes than the text', () => {
    const texts = fc.record({ title: text, body: text });
    fc.assert(
      fc.property(texts, fc.integer({ min: 23, max: 80 }), (given, maxBytes) => {
        const built = fitTexts(given, (fitting) => JSON.stringify(fitting), sizeOf, maxBytes);
        expect(sizeOf(built)).toBeLessThanOrEqual(maxBytes);
        if (sizeOf(JSON.stringify(given)) <= maxBytes) expect(JSON.parse(built)).toEqual(given);
      }),
    );
  });

  it('shortens the longest first', () => {
    const built = fitTexts(
      { title: 'short', body: 'x'.repeat(100) },
      (fitting) => JSON.stringify(fitting),
      sizeOf,
      60,
    );
    expect(JSON.parse(built)).toMatchObject({ title: 'short', body: expect.stringMatching(/^x+…$/) });
  });

  it('shortens texts of one length alike: none vanishes for the others', () => {
    const long = 'x'.repeat(1_024);
    const built = fitTexts(
      { title: long, subtitle: long, body: long },
      (fitting) => JSON.stringify(fitting),
      sizeOf,
      1_500,
    );
    for (const one of Object.values(JSON.parse(built) as Record<string, string>))
      expect(one.length).toBeGreaterThan(400);
  });

  it('throws when it does not fit even without any text', () => {
    expect(() => fitTexts({ body: 'x' }, (fitting) => JSON.stringify(fitting), sizeOf, 5)).toThrow(
      RangeError,
    );
  });
});
