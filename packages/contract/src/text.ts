import { z } from 'zod';

/** PostgreSQL stores neither NUL nor half of a surrogate pair; both are refused where they come in. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

export const storableText = (max: number) =>
  z.string().max(max).refine(isStorable, { message: 'must not contain NUL or unpaired surrogates' });
