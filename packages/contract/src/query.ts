import { z } from 'zod';

/** A whole number in a path or a query. Digits only: '', '1e3', '0x10' and ' 5' are refused, not guessed at. */
export const wholeNumber = (min: number, max: number) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^-?\d{1,16}$/.test(text) ? Number(text) : text),
    z
      .int({ error: 'must be a whole number' })
      .min(min, `must be at least ${min}`)
      .max(max, `must be at most ${max}`),
  );

/** Where a page begins; only the server knows what it means. */
export const Cursor = z.string().regex(/^[0-9]{1,15}$/, 'must be a cursor this API gave');

/** The number of a thing, in a body. */
export const rowId = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
