import { z } from 'zod';

/** PostgreSQL stores neither NUL nor half of a surrogate pair; both are refused where they come in. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

const STORABLE = { message: 'must not contain NUL or unpaired surrogates' };

/** `min` and `max` count UTF-16 units. */
export function storableText(max: number, min = 0) {
  const text = z.string().max(max).refine(isStorable, STORABLE);
  return min > 0 ? text.min(min) : text;
}
